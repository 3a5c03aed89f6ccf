"""Make a golden task of one that a person has decided of: its right answer is known now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool
from driftwheel.services.label.review.review_task import reviewable
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.review_queue import reviews_of
from driftwheel.store.labels.tasks import TaskKind

__all__ = ["promote_task"]


def promote_task(
    engine: Engine, project: int, task: int, pool: int, *, by: str, now: datetime, kind: TaskKind = "golden"
) -> None:
    """Add the image of a reviewed task to another pool, with what was decided as its right answer.

    Parameters
    ----------
    pool
        Of the same project; not that of the task, in which the image is labelled already.
    kind
        ``golden``, ``training`` or ``exam``.

    Raises
    ------
    LookupError
        When the project has no such task or pool.
    UsageError
        When nobody has decided of the task, or the pool has the image, or cannot take it.
    """
    with reading(engine) as connection:
        _, found, _ = reviewable(connection, project, task)
        reviews = reviews_of(connection, [] if found.reviewed is None else [found.reviewed])
    if kind == "real":
        raise UsageError("A reviewed task becomes golden, training or exam; it is labelled already.")
    if not reviews or found.consensus is None:
        raise UsageError(
            f"Nobody has decided of the task {task}: accept or edit its consensus first, so that what others "
            "are measured by is right."
        )
    if pool == found.pool:
        raise UsageError("The image is labelled in this pool; promote it to another pool of the project.")
    by_whom = next(iter(reviews.values())).by
    image = PoolImage(found.record, kind, found.consensus, f"reviewed by {by_whom}")
    done = fill_pool(engine, project, pool, [image], by=by, now=now)
    if done.there:
        raise UsageError(f"The pool has the image of '{found.record}' already.")
    if done.missing:
        raise UsageError(f"The record '{found.record}' or its image is not kept any more.")
