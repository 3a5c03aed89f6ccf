"""Which windows are to be judged now, and in which order.

A window is judged once it is over, its profile is up to date, and its last record came some time ago. Alerts
go by time, so new windows come first and in order: one waits for those before it whose records are still to
be measured or summed up, though not for ever. Windows that were judged before, and those that came late,
never change an alert: they come after, the newest first. A model with very many windows due, such as one
whose segments somebody invents, comes after those with few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, true

from driftwheel.store.schema.tables import IS_RECEIVED, IS_UNJUDGED, records, windows
from driftwheel.store.windows.verdicts import newest_start
from driftwheel.store.windows.windows import StoredWindow, window_row, without_profile

__all__ = ["PATIENCE", "due_windows", "waits_for_judgement"]

PATIENCE = timedelta(minutes=10)
"""How long a window that is ready waits for those before it."""

_MANY = 128  # windows of one model that are due


def due_windows(
    connection: Connection, now: datetime, settle: timedelta, *, limit: int = 100
) -> list[StoredWindow]:
    """Return up to `limit` windows that are to be judged now, without profiles, in the order to judge them.

    Only so many are read, however many are due.

    Parameters
    ----------
    settle
        How long ago the last record of a window must have come.
    """
    c = windows.c
    segment = (c.tag, c.value)  # where a span of time is cut off, the whole model is not
    ready = (IS_UNJUDGED, c.end <= now, or_(c.received.is_(None), c.received <= now - settle))
    never = func.sum(case((c.judged.is_(None), 1), else_=0))
    counted = connection.execute(select(c.model, never).where(*ready).group_by(c.model)).all()
    models = sorted(model for model, n in counted if n)
    newest = {model: newest_start(connection, model) for model in models}
    waiting = _first_waiting(connection, models, now)
    fresh: defaultdict[int, list[StoredWindow]] = defaultdict(list)
    others = []
    for model in models:
        new = (*ready, c.model == model, c.judged.is_(None))
        last = newest[model]
        late = () if last is None else (c.start >= last,)
        its = (*new, *late, *_not_held(waiting.get(model), now))
        due = connection.execute(select(func.count()).select_from(windows).where(*its)).scalar_one()
        if due:
            fresh[due // _MANY] += _read(connection, its, (c.start, *segment), limit)
        if last is not None:
            others += _read(connection, (*new, c.start < last), (c.start.desc(), *segment), limit)
    found = [one for crowd in sorted(fresh) for one in sorted(fresh[crowd], key=_by_time)]
    if len(found) < limit:
        others += _read(connection, (*ready, c.judged.is_not(None)), (c.end.desc(), *segment), limit)
    others.sort(key=lambda one: (-one.start.timestamp(), one.model, one.tag, one.value))
    return [*found, *others][:limit]


def waits_for_judgement(connection: Connection, now: datetime) -> bool:
    """Return whether any window that is over is not judged as it is, whether or not it is ready."""
    over = select(windows.c.key).where(windows.c.end <= now)
    return (
        connection.execute(over.where(or_(IS_UNJUDGED, windows.c.stale == true())).limit(1)).first()
        is not None
    )


def _not_held(waiting: datetime | None, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a window waits for none before it, or has waited for long enough."""
    if waiting is None:
        return ()
    since = now - PATIENCE
    patient = and_(windows.c.end <= since, or_(windows.c.made.is_(None), windows.c.made <= since))
    return (or_(windows.c.end <= waiting, patient),)


def _read(
    connection: Connection, conditions: Sequence[Any], order: Sequence[Any], limit: int
) -> list[StoredWindow]:
    query = without_profile().where(*conditions).order_by(*order).limit(limit)
    return [window_row(row) for row in connection.execute(query)]


def _by_time(one: StoredWindow) -> tuple[datetime, int, str, str]:
    return one.start, one.model, one.tag, one.value


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
