"""Events of a project's work: what rules and people did, why, and whether it was undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from driftwheel.store.schema.label_tables import label_events

__all__ = ["LabelEvent", "add_event", "event_by_key", "last_event", "list_events", "set_undone"]


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """An event.

    Attributes
    ----------
    pool, annotator, task
        Keys of what it is about; None where it is about no one of them.
    kind
        ``pool_opened``, ``pool_closed``, ``exam_passed``, ``exam_failed``, ``ban``, ``set_aside``,
        ``requeued``, ``webhook_off``, ``warning``, ``challenge`` or ``pause``.
    reason
        A sentence.
    numbers
        What it rests on, by name.
    undone, undone_by
        When and by whom; None: it stands.
    """

    key: int
    project: int
    pool: int | None
    annotator: int | None
    task: int | None
    kind: str
    reason: str
    numbers: Mapping[str, Any]
    time: datetime
    by: str
    undone: datetime | None
    undone_by: str | None


def add_event(
    connection: Connection,
    project: int,
    kind: str,
    reason: str,
    *,
    time: datetime,
    by: str,
    pool: int | None = None,
    annotator: int | None = None,
    task: int | None = None,
    numbers: Mapping[str, Any] | None = None,
) -> LabelEvent:
    """Add an event, in the transaction of what it tells of, and return it."""
    values = {
        "project": project,
        "pool": pool,
        "annotator": annotator,
        "task": task,
        "kind": kind,
        "reason": reason,
        "numbers": dict(numbers or {}),
        "time": time,
        "by": by,
    }
    return _event(connection.execute(insert(label_events).values(values).returning(*label_events.c)).one())


def event_by_key(connection: Connection, key: int) -> LabelEvent | None:
    """Return the event of that key, None where there is none."""
    row = connection.execute(select(label_events).where(label_events.c.key == key)).first()
    return None if row is None else _event(row)


def list_events(
    connection: Connection,
    project: int,
    *,
    annotator: int | None = None,
    pool: int | None = None,
    before_key: int | None = None,
    limit: int = 100,
) -> list[LabelEvent]:
    """Return up to `limit` events of a project, the newest first, after the one with the key `before_key`."""
    query = select(label_events).where(label_events.c.project == project)
    if annotator is not None:
        query = query.where(label_events.c.annotator == annotator)
    if pool is not None:
        query = query.where(label_events.c.pool == pool)
    if before_key is not None:
        query = query.where(label_events.c.key < before_key)
    rows = connection.execute(query.order_by(label_events.c.key.desc()).limit(limit))
    return [_event(row) for row in rows]


def last_event(connection: Connection, project: int, annotator: int, kind: str) -> LabelEvent | None:
    """Return the newest event of a kind about an annotator, None where there is none."""
    query = select(label_events).where(
        label_events.c.project == project,
        label_events.c.annotator == annotator,
        label_events.c.kind == kind,
    )
    row = connection.execute(query.order_by(label_events.c.key.desc()).limit(1)).first()
    return None if row is None else _event(row)


def set_undone(connection: Connection, key: int, time: datetime, by: str) -> bool:
    """Note that an event was undone, and return whether it stood until then."""
    standing = update(label_events).where(label_events.c.key == key, label_events.c.undone.is_(None))
    return connection.execute(standing.values(undone=time, undone_by=by)).rowcount > 0


def _event(row: Row[Any]) -> LabelEvent:
    return LabelEvent(**row._mapping)
