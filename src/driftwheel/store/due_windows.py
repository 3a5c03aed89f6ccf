"""Which windows are to be judged now, and in which order.

A window is judged once it is over, its profile is up to date, and its last record came some time ago. Alerts
go by time, so new windows come first and in order: one waits for those before it whose records are still to
be measured or summed up, though not for ever. Windows that were judged before, and those that came late,
never change an alert: they come after, the newest first. A model with very many windows due, such as one
whose segments somebody invents, comes after those with few.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select, true

from driftwheel.store.tables import IS_RECEIVED, IS_UNJUDGED, records, windows
from driftwheel.store.verdicts import newest_start
from driftwheel.store.windows import StoredWindow, window_row, without_profile

__all__ = ["PATIENCE", "due_windows", "waits_for_judgement"]

PATIENCE = timedelta(minutes=10)
"""How long a window that is ready waits for those before it."""

_MANY = 128  # windows of one model that are due


def due_windows(
    connection: Connection, now: datetime, settle: timedelta, *, limit: int = 100
) -> list[StoredWindow]:
    """Return up to `limit` windows that are to be judged now, without profiles, in the order to judge them.

    Parameters
    ----------
    settle
        How long ago the last record of a window must have come.
    """
    ready = _ready(connection, now, settle)
    if not ready:
        return []
    models = sorted({one.model for one in ready})
    newest = {model: newest_start(connection, model) for model in models}
    waiting = _first_waiting(connection, models, now)
    fresh, others = [], []
    for one in ready:
        last = newest[one.model]
        if one.judged is None and (last is None or one.start >= last):
            held = one.end > waiting.get(one.model, one.end)
            if not held or max(one.end, one.made or one.end) + PATIENCE <= now:
                fresh.append(one)
        else:
            others.append(one)
    due = Counter(one.model for one in fresh)
    fresh.sort(key=lambda one: (due[one.model] // _MANY, one.start, one.model, one.tag, one.value))
    others.sort(key=lambda one: (-one.start.timestamp(), one.model, one.tag, one.value))
    return [*fresh, *others][:limit]


def waits_for_judgement(connection: Connection, now: datetime) -> bool:
    """Return whether any window that is over is not judged as it is, whether or not it is ready."""
    over = select(windows.c.key).where(windows.c.end <= now)
    return (
        connection.execute(over.where(or_(IS_UNJUDGED, windows.c.stale == true())).limit(1)).first()
        is not None
    )


def _ready(connection: Connection, now: datetime, settle: timedelta) -> list[StoredWindow]:
    chosen = without_profile().where(
        IS_UNJUDGED,
        windows.c.end <= now,
        or_(windows.c.received.is_(None), windows.c.received <= now - settle),
    )
    return [window_row(row) for row in connection.execute(chosen)]


def _first_waiting(connection: Connection, models: Collection[int], now: datetime) -> Mapping[int, datetime]:
    """Return, of each model, the earliest time that something not yet summed up may have."""
    stale = (
        select(windows.c.model, func.min(windows.c.start))
        .where(
            windows.c.stale == true(),
            windows.c.judged.is_(None),
            windows.c.end <= now,
            windows.c.model.in_(models),
        )
        .group_by(windows.c.model)
    )
    received = (
        select(records.c.model, func.min(records.c.time))
        .where(IS_RECEIVED, records.c.model.in_(models))
        .group_by(records.c.model)
    )
    earliest: dict[int, datetime] = {}
    for model, time in [*connection.execute(stale), *connection.execute(received)]:
        earliest[model] = min(time, earliest.get(model, time))
    return earliest
