"""List the images of a model, a page at a time, and find the neighbours of one in the same list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from driftwheel.errors import UsageError
from driftwheel.store.models.autoencoders import current_autoencoder
from driftwheel.store.models.models import Model, find_model
from driftwheel.store.records.record_pages import (
    Count,
    Cursor,
    Order,
    RecordFilter,
    count_records,
    page_records,
)
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.schema.columns import EPOCH, MICROSECOND
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.windows.judged_windows import judged_windows
from driftwheel.store.windows.verdicts import Answer

__all__ = [
    "LOOKED_AT",
    "ImageList",
    "ImageQuery",
    "Neighbours",
    "by_error",
    "count_images",
    "count_unjudged",
    "find_neighbours",
    "list_images",
]

LOOKED_AT = 20_000
"""Records read at most for one page, for conditions which no index answers; see `page_records`."""

_OLDEST = 5_000  # records
_KEYS = 2**63  # a database counts no further
_MOST_WINDOWS = 5000


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """Which images of a model, and in which order; what is None or empty does not narrow.

    Attributes
    ----------
    model
        Its name.
    since, until
        since ≤ time < until, timezone-aware.
    tags
        All of these.
    predicted
        The class, or the class of one of the boxes.
    state
        How far the work on the image is.
    outlier_p_at_most
        0…1; leaves out records without a p-value.
    verdict
        Those in windows with this answer: of the segment where one segment tag is among `tags`, else of the
        whole model. Of drift also those of a segment that has drifted, whatever is said of the whole.
    order
        ``newest``, ``oldest``, ``outlier``: the most unusual first, or ``reconstruction``: those that the
        autoencoder in use shows worst first.
    has_image
        Whether the image is still kept.
    """

    model: str
    since: datetime | None = None
    until: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    predicted: str | None = None
    state: RecordState | None = None
    outlier_p_at_most: float | None = None
    order: Order = "newest"
    verdict: Answer | None = None
    has_image: bool | None = None


@dataclass(frozen=True, slots=True)
class ImageList:
    """One page.

    Attributes
    ----------
    model
        Whose images these are.
    records
        In the order of the list.
    next, previous
        Texts of the places where the next page begins and the page before ends; None where there is none.
    """

    model: Model
    records: tuple[StoredRecord, ...]
    next: str | None
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Keys of the records before and after one in a list; None at its ends."""

    before: int | None
    after: int | None


def list_images(
    connection: Connection,
    query: ImageQuery,
    *,
    after: str | None = None,
    before: str | None = None,
    limit: int = 60,
) -> ImageList:
    """Return up to `limit` records after a place in the list, or the last ones before a place.

    Where fewer than `limit` come before it, the first page is returned: no page but the last is short, unless
    a filter fits so few that the search for it stopped after `LOOKED_AT` records; `next` goes on from there.

    Parameters
    ----------
    after, before
        `ImageList.next` of the page before, or `ImageList.previous` of the page after; None for the first.

    Raises
    ------
    UsageError
        For an unknown model, a share outside 0…1, a place that is none, or an order by errors where no
        autoencoder is in use.
    """
    model = find_model(connection, query.model)
    chosen = _filter(connection, model, query)
    place = None if before is None else _place(before)
    start = None if after is None or place is not None else _place(after)
    read = partial(page_records, connection, chosen, order=query.order, limit=limit, look_at=LOOKED_AT)
    page = read(after=start, before=place)
    if place is not None and page.previous is None:
        page = read()
    return ImageList(
        model,
        page.rows,
        None if page.next is None else page.next.to_text(),
        None if page.previous is None else page.previous.to_text(),
    )


def count_images(connection: Connection, query: ImageQuery) -> Count:
    """Return how long a list is, up to 10,000; see `driftwheel.store.records.record_pages.count_records`."""
    chosen = _filter(connection, find_model(connection, query.model), query)
    return count_records(connection, chosen, order=query.order, look_at=LOOKED_AT)


def count_unjudged(connection: Connection, model: Model) -> Count:
    """Return how many of a model's oldest images were measured and have no outlier p-value.

    Those that were measured before the reference was ready are its oldest; no more than `_OLDEST` are looked
    at.
    """
    chosen = RecordFilter(model.key, state=RecordState.MEASURED, has_outlier_p=False)
    return count_records(connection, chosen, order="oldest", look_at=_OLDEST)


def find_neighbours(connection: Connection, query: ImageQuery, record: StoredRecord) -> Neighbours:
    """Return what stands beside a record in a list.

    Looked for among the next `LOOKED_AT` records. A record that the list leaves out has neighbours too: those
    between which it would stand; but without an outlier p-value it stands nowhere among the most unusual, and
    without an error of the autoencoder in use nowhere among those it shows worst.
    """
    chosen = _filter(connection, find_model(connection, query.model), query)
    position: float | None = (record.time - EPOCH) // MICROSECOND
    if query.order == "outlier":
        position = record.outlier_p
    elif query.order == "reconstruction":
        position = record.reconstruction_error if record.autoencoder == chosen.autoencoder else None
    if position is None:
        return Neighbours(None, None)
    place = Cursor(position, record.key)
    read = partial(page_records, connection, chosen, order=query.order, limit=1, look_at=LOOKED_AT)
    before, after = read(before=place).rows, read(after=place).rows
    return Neighbours(before[0].key if before else None, after[0].key if after else None)


def _place(text: str) -> Cursor:
    cursor = Cursor.from_text(text)
    if not 0 <= cursor.key < _KEYS:
        raise UsageError(f"'{text}' is no place in a list; give the 'next' of the page before.")
    return cursor


def _filter(connection: Connection, model: Model, query: ImageQuery) -> RecordFilter:
    p = query.outlier_p_at_most
    if p is not None and not 0 <= p <= 1:
        raise UsageError(f"The outlier p-value {p:g} is none; give a number from 0 to 1, for example 0.01.")
    chosen = RecordFilter(
        model.key,
        since=query.since,
        until=query.until,
        tags=query.tags,
        predicted=query.predicted,
        state=query.state,
        outlier_p_at_most=p,
        has_image=query.has_image,
    )
    if query.order == "reconstruction":
        chosen = by_error(connection, chosen, model)
    return chosen if query.verdict is None else _narrowed(connection, chosen, model, query.verdict)


def by_error(connection: Connection, chosen: RecordFilter, model: Model) -> RecordFilter:
    """Return a list of records with an error of the model's autoencoder in use; `UsageError` without one."""
    autoencoder = current_autoencoder(connection, model.key)
    if autoencoder is None:
        raise UsageError(
            f"The model '{model.name}' has no autoencoder, so no image has a reconstruction error. Train one "
            f"first: driftwheel models train-autoencoder {model.name}"
        )
    return replace(chosen, autoencoder=autoencoder.key)


def _narrowed(connection: Connection, chosen: RecordFilter, model: Model, verdict: Answer) -> RecordFilter:
    """Narrow a list to the windows with a verdict, and its ends to theirs."""
    named = [tag for tag in model.segment_tags if tag in chosen.tags]
    segment = (named[0], chosen.tags[named[0]]) if len(named) == 1 else None
    if segment is None and verdict != "drift":
        segment = ("", "")
    windows = judged_windows(
        connection, model.key, model.window, verdict, since=chosen.since, until=chosen.until, segment=segment
    )
    if windows.count > _MOST_WINDOWS:
        raise UsageError(
            f"{windows.count:,} windows have this verdict; at most {_MOST_WINDOWS:,} are looked through. "
            "Give a time, from and until."
        )
    if not windows.starts:
        return replace(chosen, windows=windows)
    return replace(
        chosen,
        windows=windows,
        since=windows.first if chosen.since is None else max(windows.first, chosen.since),
        until=windows.end if chosen.until is None else min(windows.end, chosen.until),
    )
