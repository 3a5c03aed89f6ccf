"""Add the windows that never came: no record says that none came.

A window that never came is added as an empty one, and is then judged as any other: its volume is 0. That is
done for models and segments whose records come as they happen, and for a few windows only; after that silence
says the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.services.crash_points import reach
from driftwheel.services.watch import choose_segments
from driftwheel.services.watch.last_heard import last_heard
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, lock_model
from driftwheel.store.windows.heard_segments import HeardSegment
from driftwheel.store.windows.windows import add_empty_windows, list_windows, window_of

__all__ = ["MOST_EMPTY", "add_missed_windows"]

MOST_EMPTY = 3
"""Windows in a row that are added empty."""

_Row = tuple[datetime, datetime, str, str]  # start, end, tag, value

_PATIENCE = 50  # a window is missed when it is over by a fiftieth of its length


def add_missed_windows(engine: Engine, model: Model, tags: Collection[str], *, now: datetime) -> int:
    """Add the windows that are over and that no record came in, and return how many.

    Parameters
    ----------
    tags
        Whose segments to look at; "" is the whole model.
    now
        Clock time.
    """
    with reading(engine) as connection:
        heard = last_heard(connection, model.key)
    rows = [row for one in heard if one.tag in tags for row in _missed(one, model.window, now)]
    if not rows:
        return 0
    with writing(engine) as connection:
        if lock_model(connection, model.key) is None:
            return 0
        added = add_empty_windows(connection, model.key, _with_room(connection, model, rows))
        reach("watch-added")
    return added


def _with_room(connection: Connection, model: Model, rows: Sequence[_Row]) -> list[_Row]:
    """Return those of these windows that summing up would not leave out again, the first by name."""
    since, until = min(row[0] for row in rows), max(row[1] for row in rows)
    there: defaultdict[tuple[datetime, str], set[str]] = defaultdict(set)
    for one in list_windows(connection, model.key, since=since, until=until):
        there[one.start, one.tag].add(one.value)
    kept = []
    for row in sorted(rows):
        start, _, tag, value = row
        known = there[start, tag]
        if value in known or len(known) < choose_segments.MOST_VALUES:
            known.add(value)
            kept.append(row)
    return kept


def _missed(one: HeardSegment, window: str, now: datetime) -> list[_Row]:
    """Return the windows after the newest that ought to have come by now: start, end, tag, value."""
    rows: list[_Row] = []
    length = one.end - one.start
    if not one.start <= one.received <= one.end + length:
        return rows  # its records are logged long after they happened, or a clock is wrong
    start, end = window_of(one.end, window)
    while end + length / _PATIENCE <= now and len(rows) < MOST_EMPTY:
        rows.append((start, end, one.tag, one.value))
        start, end = window_of(end, window)
    return rows
