"""Groups: what each channel was told of each model, and when to look whether to tell it more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, case, literal, or_, select

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.alert_tables import channels, notified_groups

__all__ = ["NotifiedGroup", "due_groups", "find_group", "make_due", "put_group"]


@dataclass(frozen=True, slots=True)
class NotifiedGroup:
    """What one channel was told of one model.

    Attributes
    ----------
    channel, model
        Keys.
    due
        When to look again; None: when something changes.
    told
        As of `driftwheel.alerts.told`; empty: nothing.
    last_sent
        When the last message of it was made.
    """

    channel: int
    model: int
    due: datetime | None
    told: Mapping[str, Any]
    last_sent: datetime | None


def make_due(connection: Connection, model: int, now: datetime) -> None:
    """Note, in the transaction that changes an episode, that every channel is to look at its model now."""
    groups = notified_groups.c
    made = (
        select(channels.c.key, literal(model, Integer), literal(now, groups.due.type), _nothing())
        .where(channels.c.key > 0)  # SQLite takes ON CONFLICT after a SELECT only with a WHERE
        .order_by(channels.c.key)
    )
    statement = upsert(connection.dialect.name, notified_groups).from_select(
        ["channel", "model", "due", "told"], made
    )
    later = or_(groups.due.is_(None), groups.due > statement.excluded.due)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["channel", "model"],
            set_={"due": case((later, statement.excluded.due), else_=groups.due)},
        )
    )


def due_groups(connection: Connection, now: datetime, *, limit: int = 100) -> list[NotifiedGroup]:
    """Return up to `limit` groups to look at now, the longest due first."""
    query = select(notified_groups).where(notified_groups.c.due <= now)
    order = (notified_groups.c.due, notified_groups.c.channel, notified_groups.c.model)
    return [NotifiedGroup(**row._mapping) for row in connection.execute(query.order_by(*order).limit(limit))]


def find_group(connection: Connection, channel: int, model: int) -> NotifiedGroup | None:
    """Return what a channel was told of a model, None where it was never looked at.

    In a transaction that writes, on PostgreSQL, it is locked until the end: nobody else tells it the same.
    """
    query = select(notified_groups).where(
        notified_groups.c.channel == channel, notified_groups.c.model == model
    )
    if not connection.get_execution_options().get("driftwheel_reads", False):
        query = query.with_for_update()
    row = connection.execute(query).first()
    return None if row is None else NotifiedGroup(**row._mapping)


def put_group(connection: Connection, group: NotifiedGroup) -> None:
    """Keep what a channel was told, in the transaction that puts the message in the outbox."""
    values = {
        "channel": group.channel,
        "model": group.model,
        "due": group.due,
        "told": dict(group.told),
        "last_sent": group.last_sent,
    }
    statement = upsert(connection.dialect.name, notified_groups).values(values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["channel", "model"],
            set_={name: statement.excluded[name] for name in ("due", "told", "last_sent")},
        )
    )


def _nothing() -> Any:
    return literal({}, notified_groups.c.told.type)
