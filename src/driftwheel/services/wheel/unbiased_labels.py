"""Labels that may speak for others: given by people, of images drawn at random or that came as they come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from driftwheel.predictions import Classification
from driftwheel.store.labels.record_labels import RecordLabel, RecordLabelSource, record_labels

__all__ = ["unbiased_labels"]

_PAGE = 1000
_BY_PEOPLE: tuple[RecordLabelSource, ...] = ("told", "review", "consensus", "import")
_AT_RANDOM = {"holdout", "random"}


def unbiased_labels(
    connection: Connection,
    model: int,
    *,
    since: datetime | None = None,
    after_key: int = 0,
    pool: int | None = None,
) -> list[RecordLabel]:
    """Return the labels of a model's records that people gave and nobody chose for what the images show.

    Parameters
    ----------
    since
        Only records from this moment on.
    after_key
        Only records that came after the one with this key.
    pool
        Only labels that were made in this pool.
    """
    found: list[RecordLabel] = []
    while page := record_labels(
        connection, model, since=since, sources=_BY_PEOPLE, after_key=after_key, limit=_PAGE
    ):
        after_key = page[-1].key
        for one in page:
            selected = one.known.selected
            at_random = selected is None or selected.reason in _AT_RANDOM
            of_pool = pool is None or one.known.pool == pool
            if at_random and of_pool and isinstance(one.label, Classification):
                found.append(one)
    return found
