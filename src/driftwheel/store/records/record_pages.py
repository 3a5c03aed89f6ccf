"""Lists of records a page at a time, by key: as quick on the last page as on the first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select, tuple_

from driftwheel.errors import UsageError
from driftwheel.store.engine.tag_filter import has_tag, predicts
from driftwheel.store.records.stored_record import StoredRecord, stored_record
from driftwheel.store.schema.columns import EPOCH, MICROSECOND
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import HAS_ERROR, HAS_OUTLIER_P, records
from driftwheel.store.windows.judged_windows import JudgedWindows, lies_in

__all__ = ["Count", "Cursor", "Order", "Page", "RecordFilter", "count_records", "page_records"]

Order = Literal["newest", "oldest", "outlier", "reconstruction"]
"""By event time from the newest or the oldest, from the least outlier p-value, or from the largest
reconstruction error of an autoencoder; of the last two none without one.
"""

_SCATTERED = ("outlier", "reconstruction")  # orders in which records lie all over the disk

_CURSOR = re.compile(r"(-?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:e[-+]?[0-9]{1,3})?)\.([0-9]{1,19})", re.ASCII)
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records of a model are listed; what is None or empty does not narrow.

    Attributes
    ----------
    model
        The model's key.
    since, until
        since ≤ time < until.
    tags
        All of these.
    predicted
        The class, or the class of one of the boxes.
    outlier_p_at_most
        Leaves out records without a p-value.
    has_image
        Whether the image is still kept.
    has_outlier_p
        Whether there is a p-value.
    windows
        In any of these windows, and with the tag of its segment.
    autoencoder
        Key of the one whose error the image has; to be given with the order ``reconstruction``, since errors
        of different ones do not compare.
    """

    model: int
    since: datetime | None = None
    until: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    predicted: str | None = None
    model_version: str | None = None
    state: RecordState | None = None
    outlier_p_at_most: float | None = None
    has_image: bool | None = None
    has_outlier_p: bool | None = None
    windows: JudgedWindows | None = None
    autoencoder: int | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: after the record with this key, whose time, p-value or error is `position`.

    Attributes
    ----------
    position
        Microseconds since 1970, the outlier p-value, or the reconstruction error.
    """

    position: int | float
    key: int

    def to_text(self) -> str:
        """Return a form for a URL.

        Examples
        --------
        >>> Cursor(0.25, 7).to_text()
        '0.25.7'
        """
        return f"{self.position!r}.{self.key}"

    @staticmethod
    def from_text(text: str) -> Cursor:
        """Return the cursor of `to_text`; raise `UsageError` for any other text.

        Examples
        --------
        >>> Cursor.from_text("0.25.7") == Cursor(0.25, 7)
        True
        """
        found = _CURSOR.fullmatch(text)
        if found is None or abs(float(found[1])) > _MOST or int(found[2]) > _MOST:
            raise UsageError(f"'{text}' is no place in a list; give the 'next' of the page before.")
        position = found[1]
        return Cursor(int(position) if position.lstrip("-").isdigit() else float(position), int(found[2]))


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of a list.

    Attributes
    ----------
    rows
        In the order of the list.
    next
        Where the next page begins; None on the last.
    previous
        Where the page before ends; None where this one begins the list.
    """

    rows: tuple[StoredRecord, ...]
    next: Cursor | None
    previous: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How long a list is, as far as it was looked at.

    Attributes
    ----------
    n
        Records that were found; at most `most` of `count_records`.
    exact
        Whether these are all.
    """

    n: int
    exact: bool


def page_records(
    connection: Connection,
    chosen: RecordFilter,
    *,
    order: Order = "newest",
    after: Cursor | None = None,
    before: Cursor | None = None,
    limit: int = 50,
    look_at: int | None = None,
) -> Page:
    """Return up to `limit` records of a list after a place in it, or the last ones before a place.

    Records that come in between do not move those on later pages. Ties go by key, in the direction of the
    list. Give `after` or `before`, or neither for the beginning.

    With `look_at`, no more records than that are read for conditions which no index answers, and a tenth as
    many where they lie all over the disk, by p-value or error. A page may then be short or empty and yet have
    a next one (or one before), which goes on from there.
    """
    backwards = before is not None
    place = before if backwards else after
    up = _goes_up(order, backwards=backwards)
    left = _from_there(chosen, order, place, up=up)
    inside = _conditions(connection, left, order)
    query = _ordered(select(records), order, place, backwards=backwards)
    last = None
    if look_at is not None and inside:
        most = max(1, look_at // 10 if order in _SCATTERED else look_at)
        walk = query.with_only_columns(*_position(order)).where(*_simple(left, order))
        found = connection.execute(walk.offset(most - 1).limit(1)).first()
        if found is not None:
            last, left = _cursor(found, order), _without_end(left, order, up=up)
            query = query.where(_up_to(order, last, up=up))
    query = query.where(*_simple(left, order), *inside).limit(limit + 1)
    rows = list(connection.execute(query).all())
    more = len(rows) > limit
    rows = rows[:limit][::-1] if backwards else rows[:limit]
    cut = last is not None and not more  # what lies beyond was not looked at
    if not rows:
        return Page((), last, last if after is not None or backwards else None)
    first, final = _cursor(rows[0], order), _cursor(rows[-1], order)
    beyond = last if cut else None
    return Page(
        tuple(stored_record(row) for row in rows),
        final if more or backwards else beyond,
        first if (more if backwards else after is not None) else beyond if backwards else None,
    )


def _position(order: Order) -> list[ColumnElement[Any]]:
    """Return what an order goes by, which its index holds."""
    columns = {"outlier": records.c.outlier_p, "reconstruction": records.c.reconstruction_error}
    return [columns.get(order, records.c.time), records.c.key]


def _up_to(order: Order, last: Cursor, *, up: bool) -> ColumnElement[bool]:
    """Return the condition that a record does not lie beyond a place, which is that of one."""
    at = float(last.position) if order in _SCATTERED else _moment(last)
    here = tuple_(*_position(order))
    return here <= (at, last.key) if up else here >= (at, last.key)


def _without_end(chosen: RecordFilter, order: Order, *, up: bool) -> RecordFilter:
    """Leave out the end of the range towards which the list is read, where a nearer one stands for it."""
    if order == "outlier":
        return replace(chosen, outlier_p_at_most=None) if up else chosen
    if order == "reconstruction":
        return chosen
    return replace(chosen, until=None) if up else replace(chosen, since=None)


def _goes_up(order: Order, *, backwards: bool) -> bool:
    """Whether times, p-values or errors rise along the list, or along it from its end."""
    return (order in {"newest", "reconstruction"}) == backwards


def _from_there(chosen: RecordFilter, order: Order, place: Cursor | None, *, up: bool) -> RecordFilter:
    """Leave out the end of the range that the place already implies.

    SQLite searches its index from one bound only; with two it would go through all records before the place.
    """
    if place is None or order == "reconstruction":
        return chosen
    if order == "outlier":
        most = chosen.outlier_p_at_most
        implied = not up and most is not None and float(place.position) <= most
        return replace(chosen, outlier_p_at_most=None) if implied else chosen
    if not up and chosen.until is not None and _moment(place) < chosen.until:
        return replace(chosen, until=None)
    if up and chosen.since is not None and _moment(place) >= chosen.since:
        return replace(chosen, since=None)
    return chosen


def count_records(
    connection: Connection,
    chosen: RecordFilter,
    *,
    order: Order = "newest",
    most: int = 10_000,
    look_at: int = 40_000,
) -> Count:
    """Count the records of a list, up to `most`, in a time that does not grow with the table.

    What an index knows (the model and the time, the outlier p-value or the error) is counted by it. For the
    other conditions records must be read: no more than `look_at` are, in the order of the list or, where a
    p-value is asked for, the most unusual first; these lie all over the disk, so only a tenth as many.
    """
    by: Order = order if chosen.outlier_p_at_most is None else "outlier"
    inside = _conditions(connection, chosen, by)
    plain = _ordered(select(records.c.key).where(*_simple(chosen, by)), by, None, backwards=False)
    if not inside:
        counted = plain.limit(most + 1).subquery()
        n = connection.scalar(select(func.count()).select_from(counted)) or 0
        return Count(min(n, most), n <= most)
    look_at = max(1, look_at // 10) if by in _SCATTERED else look_at
    fits = and_(*inside).label("fits")
    looked = plain.with_only_columns(fits).limit(look_at + 1).subquery()
    n_looked, n = connection.execute(select(func.count(), func.count().filter(looked.c.fits))).one()
    return Count(min(n, most), n_looked <= look_at and n <= most)


def _simple(chosen: RecordFilter, order: Order) -> list[ColumnElement[bool]]:
    """Return the conditions that the index of an order answers."""
    of_order = {"outlier": _least_p, "reconstruction": _looked_at}.get(order, _span)
    return [records.c.model == chosen.model, *of_order(chosen)]


def _span(chosen: RecordFilter) -> list[ColumnElement[bool]]:
    since = [] if chosen.since is None else [records.c.time >= chosen.since]
    return since if chosen.until is None else [*since, records.c.time < chosen.until]


def _least_p(chosen: RecordFilter) -> list[ColumnElement[bool]]:
    most = chosen.outlier_p_at_most
    return [] if most is None else [records.c.outlier_p <= most]


def _looked_at(chosen: RecordFilter) -> list[ColumnElement[bool]]:
    return [records.c.autoencoder == chosen.autoencoder]


def _conditions(connection: Connection, chosen: RecordFilter, order: Order) -> list[ColumnElement[bool]]:
    """Return the other conditions."""
    column = records.c
    wanted: list[ColumnElement[bool] | None] = [
        *(_span(chosen) if order in _SCATTERED else []),
        *([] if order == "outlier" else _least_p(chosen)),
        *([] if chosen.autoencoder is None or order == "reconstruction" else _looked_at(chosen)),
        None if chosen.model_version is None else column.model_version == chosen.model_version,
        None if chosen.state is None else column.state == int(chosen.state),
        None if chosen.predicted is None else predicts(connection, chosen.predicted),
        None if chosen.has_image is None else column.image.is_not(None) == chosen.has_image,
        None if chosen.has_outlier_p is None else column.outlier_p.is_not(None) == chosen.has_outlier_p,
        *(has_tag(connection, tag, value) for tag, value in chosen.tags.items()),
        None if chosen.windows is None else lies_in(connection, chosen.windows),
    ]
    return [one for one in wanted if one is not None]


def _ordered(query: Select[Any], order: Order, place: Cursor | None, *, backwards: bool) -> Select[Any]:
    """Order a query as the list, or from its end, and begin it beyond a place."""
    first, key = _position(order)
    if order in _SCATTERED:
        query = query.where(HAS_OUTLIER_P if order == "outlier" else HAS_ERROR)
    up = _goes_up(order, backwards=backwards)
    query = query.order_by(*((first, key) if up else (first.desc(), key.desc())))
    if place is None:
        return query
    at = (float(place.position) if order in _SCATTERED else _moment(place), place.key)
    here = tuple_(first, key)
    return query.where(here > at if up else here < at)


def _moment(cursor: Cursor) -> datetime:
    try:
        return EPOCH + int(cursor.position) * MICROSECOND
    except (OverflowError, ValueError):
        raise UsageError(f"'{cursor.to_text()}' is no place in a list of times.") from None


def _cursor(row: Row[Any], order: Order) -> Cursor:
    if order in _SCATTERED:
        return Cursor(row.outlier_p if order == "outlier" else row.reconstruction_error, row.key)
    return Cursor((row.time - EPOCH) // MICROSECOND, row.key)
