"""Which windows are to be summed up anew, because records or labels of theirs have changed.

Each change is a row of its own, so that who tells of one waits for nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from driftwheel.store.schema.performance_tables import performance_due
from driftwheel.store.windows.windows import window_of

__all__ = [
    "DuePerformance",
    "changes_of",
    "due_performance",
    "forget_changes",
    "mark_performance",
]

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class DuePerformance:
    """A span of time of a model, whole and segments."""

    model: int
    start: datetime


def mark_performance(connection: Connection, model: int, window: str, times: Iterable[datetime]) -> None:
    """Note that the windows which hold these times are to be summed up, in the transaction of the change.

    `window` is the model's.
    """
    starts = sorted({window_of(time, window)[0] for time in times})
    if starts:
        rows = [{"model": model, "start": start} for start in starts]
        connection.execute(insert(performance_due), rows)


def due_performance(connection: Connection, *, limit: int) -> list[DuePerformance]:
    """Return up to `limit` spans that are due, the newest first."""
    c = performance_due.c
    query = select(c.model, c.start).distinct().order_by(c.start.desc(), c.model).limit(limit)
    return [DuePerformance(**row._mapping) for row in connection.execute(query)]


def changes_of(connection: Connection, due: DuePerformance) -> list[int]:
    """Return the keys of the changes of a span that are to be seen in this transaction."""
    c = performance_due.c
    query = select(c.key).where(c.model == due.model, c.start == due.start).order_by(c.key)
    return list(connection.execute(query).scalars())


def forget_changes(connection: Connection, keys: Sequence[int]) -> None:
    """Forget changes that are summed up; those that nobody saw then stay, whatever their keys are."""
    for begin in range(0, len(keys), _CHUNK):
        part = performance_due.c.key.in_(keys[begin : begin + _CHUNK])
        connection.execute(delete(performance_due).where(part))
