"""Counts that metrics are made of, each by a query that stays quick as tables grow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, or_, select, true

from driftwheel.store.alerts.history import count_forgotten_messages
from driftwheel.store.schema.alert_tables import episodes, evaluations, monitors, notifications
from driftwheel.store.schema.tables import IS_UNJUDGED, models, windows

__all__ = [
    "Messages",
    "count_firing",
    "count_messages",
    "count_new_evaluations",
    "count_waiting_windows",
    "newest_evaluation",
]


@dataclass(frozen=True, slots=True)
class Messages:
    """How many messages of a channel were sent, wait or were given up, and how many attempts failed."""

    sent: int
    waiting: int
    dead: int
    failed: int


def count_messages(connection: Connection) -> dict[int, Messages]:
    """Return what became of the messages of each channel, by its key; those deleted since count as well."""
    sent, waiting, dead = (
        func.sum(case((notifications.c.state == name, 1), else_=0)) for name in ("sent", "waiting", "dead")
    )
    tried = func.sum(notifications.c.attempts)
    channel = notifications.c.channel
    query = select(channel, sent, waiting, dead, tried).group_by(channel)
    live = {
        key: (int(ok), int(left), int(lost), max(int(attempts) - int(ok), 0))
        for key, ok, left, lost, attempts in connection.execute(query)
    }
    gone = count_forgotten_messages(connection)
    found = {}
    for key in sorted({*live, *(channel for channel, _ in gone)}):
        ok, left, lost, failed = live.get(key, (0, 0, 0, 0))
        more = {result: gone.get((key, result), 0) for result in ("sent", "dead", "failed")}
        found[key] = Messages(ok + more["sent"], left, lost + more["dead"], failed + more["failed"])
    return found


def newest_evaluation(connection: Connection) -> int:
    """Return the key of the newest evaluation, 0 where there is none."""
    key: int | None = connection.execute(select(func.max(evaluations.c.key))).scalar_one()
    return key or 0


def count_new_evaluations(
    connection: Connection, after_key: int, to_key: int
) -> dict[tuple[str, str, str], int]:
    """Return how many evaluations have keys after the one and up to the other, by model, monitor, result."""
    query = (
        select(models.c.name, monitors.c.name, evaluations.c.result, func.count())
        .join(monitors, monitors.c.key == evaluations.c.monitor)
        .join(models, models.c.key == monitors.c.model)
        .where(evaluations.c.key > after_key, evaluations.c.key <= to_key)
        .group_by(models.c.name, monitors.c.name, evaluations.c.result)
    )
    return {(model, monitor, result): n for model, monitor, result, n in connection.execute(query)}


def count_firing(connection: Connection, now: datetime) -> dict[tuple[int, str], int]:
    """Return how many alerts want a person, by the key of their model and their severity.

    They fire, and are neither acknowledged nor snoozed nor explained by another one.
    """
    c = episodes.c
    query = select(c.model, c.severity, func.count()).where(
        c.ended.is_(None),
        c.fired.is_not(None),
        c.acknowledged.is_(None),
        c.inhibited_by.is_(None),
        or_(c.snoozed_until.is_(None), c.snoozed_until <= now),
    )
    rows = connection.execute(query.group_by(c.model, c.severity))
    return {(model, severity): number for model, severity, number in rows}


def count_waiting_windows(connection: Connection, now: datetime) -> int:
    """Return how many windows, whole and segments, are over and are to be summed up or judged."""
    waiting = 0
    for condition in (windows.c.stale == true(), IS_UNJUDGED):  # each has an index of its own
        query = select(func.count()).select_from(windows).where(condition, windows.c.end <= now)
        waiting += connection.execute(query).scalar_one()
    return waiting
