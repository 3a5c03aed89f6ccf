"""What little of the records of a window tells which of them to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from driftwheel.store.engine.tag_filter import has_tag
from driftwheel.store.records.record_columns import by_time_and_id
from driftwheel.store.schema.record_state import DONE, RecordState
from driftwheel.store.schema.tables import records

__all__ = ["RecordOutline", "last_time_between", "record_outline"]


@dataclass(frozen=True, slots=True, eq=False)
class RecordOutline:
    """Measured and rejected records by time and id, as `driftwheel.store.records.record_columns` orders them.

    Attributes
    ----------
    keys, ids, hashes
        One value a record, as in `StoredRecord`.
    measured
        Whether it was measured; else its image was rejected.
    """

    keys: Sequence[int]
    ids: Sequence[str]
    measured: Sequence[bool]
    hashes: Sequence[bytes | None]

    def __len__(self) -> int:
        return len(self.keys)


def record_outline(
    connection: Connection, model: int, start: datetime, end: datetime, *, tag: str = "", value: str = ""
) -> RecordOutline:
    """Return a model's records with start ≤ time < end; of one segment where `tag` is not empty."""
    c = records.c
    chosen = select(c.key, c.id, c.state == int(RecordState.MEASURED), c.hash).where(
        c.model == model, c.time >= start, c.time < end, c.state.in_(DONE)
    )
    if tag:
        chosen = chosen.where(has_tag(connection, tag, value))
    rows = connection.execute(chosen.order_by(*by_time_and_id(connection))).all()
    if not rows:
        return RecordOutline((), (), (), ())
    keys, ids, measured, hashes = zip(*rows, strict=True)
    return RecordOutline(keys, ids, [bool(one) for one in measured], hashes)


def last_time_between(
    connection: Connection, model: int, start: datetime, end: datetime, *, tag: str = "", value: str = ""
) -> datetime | None:
    """Return the latest time of a record with start ≤ time < end, of any state; None without one."""
    c = records.c
    chosen = select(func.max(c.time)).where(c.model == model, c.time >= start, c.time < end)
    if tag:
        chosen = chosen.where(has_tag(connection, tag, value))
    last: datetime | None = connection.execute(chosen).scalar_one()
    return last
