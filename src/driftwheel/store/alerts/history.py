"""The history of alerts that is deleted some day: messages, evaluations, and what ended alerts said.

How many messages and evaluations there were stays known, so that nothing that is counted goes down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Text, case, cast, delete, func, select, tuple_, update

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.alert_tables import (
    episodes,
    evaluations,
    forgotten_evaluations,
    forgotten_messages,
    monitors,
    notifications,
)
from driftwheel.store.schema.tables import models

__all__ = [
    "count_forgotten_evaluations",
    "count_forgotten_messages",
    "delete_evaluations",
    "delete_messages",
    "empty_documents",
    "old_evaluations",
]


_Segment = tuple[str, str]
_SEGMENTS = 500  # named in one question
_SOON = 20_000  # windows after the old ones: of segments that are alive they are as many as are kept


def delete_messages(connection: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` messages made before a moment that were sent or given up; return how many."""
    old = select(notifications.c.key).where(
        notifications.c.created < before, notifications.c.state.in_(("sent", "dead"))
    )
    keys = connection.execute(old.order_by(notifications.c.key).limit(limit)).scalars().all()
    gone = connection.execute(
        delete(notifications)
        .where(notifications.c.key.in_(keys), notifications.c.state.in_(("sent", "dead")))
        .returning(notifications.c.channel, notifications.c.state, notifications.c.attempts)
    ).all()
    counts: Counter[tuple[int, str]] = Counter()
    for channel, state, attempts in gone:
        counts[channel, state] += 1
        counts[channel, "failed"] += attempts - (state == "sent")
    statement = upsert(connection.dialect.name, forgotten_messages)
    if counts:
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["channel", "result"],
                set_={"number": forgotten_messages.c.number + statement.excluded.number},
            ),
            [
                {"channel": channel, "result": result, "number": number}
                for (channel, result), number in sorted(counts.items())
            ],
        )
    return len(gone)


def old_evaluations(
    connection: Connection, monitor: int, before: datetime, *, keep: int, limit: int
) -> list[int]:
    """Return the keys of up to `limit` evaluations of windows that ended before a moment.

    The newest `keep` of each segment are not among them, nor is the newest row of all: metrics go by its key.
    """
    c = evaluations.c
    started = _started_before(connection, monitor, before)
    if not any(ended for ended, _ in started.values()):
        return []
    since = _started_from(connection, monitor, before, soon=True)
    few = sorted(one for one, (ended, on) in started.items() if ended and on + since.get(one, 0) < keep)
    if few:  # rare, or gone
        since |= _started_from(connection, monitor, before, few if len(few) <= _SEGMENTS else None)
    spare = {one: ended - max(0, keep - on - since.get(one, 0)) for one, (ended, on) in started.items()}
    wanted = sorted(segment for segment, number in spare.items() if number > 0)[:_SEGMENTS]
    if not wanted:
        return []
    newest = select(func.max(c.key)).scalar_subquery()
    query = select(c.key, c.tag, c.value).where(
        c.monitor == monitor, c.end < before, tuple_(c.tag, c.value).in_(wanted), c.key < newest
    )
    keys = []
    for key, tag, value in connection.execute(query.order_by(c.start, c.tag, c.value).limit(limit)):
        if spare[tag, value] > 0:
            spare[tag, value] -= 1
            keys.append(key)
    return keys


def _started_before(
    connection: Connection, monitor: int, before: datetime
) -> dict[_Segment, tuple[int, int]]:
    """Return of the windows that started before a moment how many ended before it, and how many did not."""
    c = evaluations.c
    ended = func.sum(case((c.end < before, 1), else_=0))
    query = select(c.tag, c.value, ended, func.count()).where(c.monitor == monitor, c.start < before)
    rows = connection.execute(query.group_by(c.tag, c.value))
    return {(tag, value): (int(number), int(whole - number)) for tag, value, number, whole in rows}


def _started_from(
    connection: Connection,
    monitor: int,
    since: datetime,
    segments: Sequence[_Segment] | None = None,
    *,
    soon: bool = False,
) -> dict[_Segment, int]:
    """Return how many windows started at a moment or later, of all or some segments; `soon`: of the next."""
    c = evaluations.c
    its = select(c.tag, c.value).where(c.monitor == monitor, c.start >= since)
    if segments is not None:
        its = its.where(tuple_(c.tag, c.value).in_(segments))
    if soon:
        its = its.order_by(c.start).limit(_SOON)
    part = its.subquery()
    rows = connection.execute(
        select(part.c.tag, part.c.value, func.count()).group_by(part.c.tag, part.c.value)
    )
    return {(tag, value): number for tag, value, number in rows}


def delete_evaluations(connection: Connection, monitor: int, keys: Iterable[int]) -> int:
    """Delete these evaluations of a monitor, and return how many there were."""
    gone = connection.execute(
        delete(evaluations)
        .where(evaluations.c.monitor == monitor, evaluations.c.key.in_(sorted(keys)))
        .returning(evaluations.c.result)
    ).scalars()
    counts = Counter(gone)
    statement = upsert(connection.dialect.name, forgotten_evaluations)
    if counts:
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["monitor", "result"],
                set_={"number": forgotten_evaluations.c.number + statement.excluded.number},
            ),
            [
                {"monitor": monitor, "result": result, "number": number}
                for result, number in sorted(counts.items())
            ],
        )
    return counts.total()


def empty_documents(connection: Connection, before: datetime, limit: int) -> int:
    """Empty what up to `limit` alerts said that ended before a moment, and return how many."""
    c = episodes.c
    old = select(c.key).where(c.ended < before, cast(c.document, Text) != "{}")
    keys = connection.execute(old.order_by(c.key).limit(limit)).scalars().all()
    connection.execute(update(episodes).where(c.key.in_(keys)).values(document={}))
    return len(keys)


def count_forgotten_messages(connection: Connection) -> Mapping[tuple[int, str], int]:
    """Return how many messages were deleted, by the channel's key and sent, dead or failed (attempts)."""
    rows = connection.execute(select(forgotten_messages))
    return {(row.channel, row.result): row.number for row in rows}


def count_forgotten_evaluations(connection: Connection) -> Mapping[tuple[str, str, str], int]:
    """Return how many evaluations were deleted, by model, monitor and result."""
    query = (
        select(models.c.name, monitors.c.name, forgotten_evaluations.c.result, forgotten_evaluations.c.number)
        .join(monitors, monitors.c.key == forgotten_evaluations.c.monitor)
        .join(models, models.c.key == monitors.c.model)
    )
    rows = connection.execute(query)
    return {(model, monitor, result): number for model, monitor, result, number in rows}
