"""Lists of records a page at a time, by key: as quick on the last page as on the first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, select, tuple_

from driftwheel.errors import UsageError
from driftwheel.store.columns import EPOCH, MICROSECOND
from driftwheel.store.record_state import RecordState
from driftwheel.store.stored_record import StoredRecord, stored_record
from driftwheel.store.tables import HAS_OUTLIER_P, records
from driftwheel.store.tag_filter import has_tag, predicts

__all__ = ["Cursor", "Order", "Page", "RecordFilter", "page_records"]

Order = Literal["newest", "oldest", "outlier"]
"""By event time from the newest or the oldest, or from the least outlier p-value (none without one)."""


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


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: after the record with this key, whose time or p-value is `position`.

    Attributes
    ----------
    position
        Microseconds since 1970, or the outlier p-value.
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
    """Some records of a list, and where the next page begins; no `next` on the last."""

    rows: tuple[StoredRecord, ...]
    next: Cursor | None


def page_records(
    connection: Connection,
    chosen: RecordFilter,
    *,
    order: Order = "newest",
    after: Cursor | None = None,
    limit: int = 50,
) -> Page:
    """Return up to `limit` records of a list after a place in it.

    Records that come in between do not move those on later pages. Ties go by key, in the direction of the
    list.
    """
    query = select(records).where(*_conditions(connection, _from_there(chosen, order, after)))
    query = _ordered(query, order, after).limit(limit + 1)
    rows = connection.execute(query).all()
    more = len(rows) > limit
    return Page(
        tuple(stored_record(row) for row in rows[:limit]),
        _cursor(rows[limit - 1], order) if more else None,
    )


def _from_there(chosen: RecordFilter, order: Order, after: Cursor | None) -> RecordFilter:
    """Leave out the end of the range that the place already implies.

    SQLite searches its index from one bound only; with two it would go through all records before the place.
    """
    if after is None or order == "outlier":
        return chosen
    if order == "newest" and chosen.until is not None and _moment(after) < chosen.until:
        return replace(chosen, until=None)
    if order == "oldest" and chosen.since is not None and _moment(after) >= chosen.since:
        return replace(chosen, since=None)
    return chosen


def _conditions(connection: Connection, chosen: RecordFilter) -> list[ColumnElement[bool]]:
    column = records.c
    wanted: list[ColumnElement[bool] | None] = [
        column.model == chosen.model,
        None if chosen.since is None else column.time >= chosen.since,
        None if chosen.until is None else column.time < chosen.until,
        None if chosen.model_version is None else column.model_version == chosen.model_version,
        None if chosen.state is None else column.state == int(chosen.state),
        None if chosen.outlier_p_at_most is None else column.outlier_p <= chosen.outlier_p_at_most,
        None if chosen.predicted is None else predicts(connection, chosen.predicted),
        None if chosen.has_image is None else column.image.is_not(None) == chosen.has_image,
        *(has_tag(connection, tag, value) for tag, value in chosen.tags.items()),
    ]
    return [one for one in wanted if one is not None]


def _ordered(query: Select[Any], order: Order, after: Cursor | None) -> Select[Any]:
    if order == "outlier":
        place = tuple_(records.c.outlier_p, records.c.key)
        query = query.where(HAS_OUTLIER_P).order_by(records.c.outlier_p, records.c.key)
        return query if after is None else query.where(place > (float(after.position), after.key))
    place = tuple_(records.c.time, records.c.key)
    if order == "oldest":
        query = query.order_by(records.c.time, records.c.key)
        return query if after is None else query.where(place > (_moment(after), after.key))
    query = query.order_by(records.c.time.desc(), records.c.key.desc())
    return query if after is None else query.where(place < (_moment(after), after.key))


def _moment(cursor: Cursor) -> datetime:
    try:
        return EPOCH + int(cursor.position) * MICROSECOND
    except (OverflowError, ValueError):
        raise UsageError(f"'{cursor.to_text()}' is no place in a list of times.") from None


def _cursor(row: Row[Any], order: Order) -> Cursor:
    position = row.outlier_p if order == "outlier" else (row.time - EPOCH) // MICROSECOND
    return Cursor(position, row.key)
