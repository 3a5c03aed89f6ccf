"""The outbox: messages to channels that wait, were sent, or were given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select, update

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.alert_tables import IS_DUE, notifications

__all__ = [
    "Notification",
    "NotificationState",
    "add_notification",
    "due_notifications",
    "list_notifications",
    "notification_by_key",
    "set_dead",
    "set_failed",
    "set_sent",
]

NotificationState = Literal["waiting", "sent", "dead"]
"""``dead``: it was tried for long enough."""


@dataclass(frozen=True, slots=True)
class Notification:
    """A message in the outbox; the columns are described in `driftwheel.store.schema.alert_tables`."""

    key: int
    dedup: str
    channel: int
    model: int | None
    kind: str
    body: Mapping[str, Any]
    state: NotificationState
    attempts: int
    due: datetime
    created: datetime
    sent: datetime | None
    error: str | None


def add_notification(
    connection: Connection,
    *,
    dedup: str,
    channel: int,
    model: int | None,
    kind: str,
    body: Mapping[str, Any],
    created: datetime,
    due: datetime | None = None,
) -> int | None:
    """Put a message in the outbox and return its key; None where one with this `dedup` is there already.

    It is sent from `due` on, which by default is at once.
    """
    values = {
        "dedup": dedup,
        "channel": channel,
        "model": model,
        "kind": kind,
        "body": dict(body),
        "state": "waiting",
        "attempts": 0,
        "due": due or created,
        "created": created,
    }
    statement = upsert(connection.dialect.name, notifications).values(values)
    key: int | None = connection.execute(
        statement.on_conflict_do_nothing(index_elements=["dedup"]).returning(notifications.c.key)
    ).scalar_one_or_none()
    return key


def due_notifications(connection: Connection, now: datetime, *, limit: int = 100) -> list[Notification]:
    """Return up to `limit` messages that are to be sent now, the longest due first."""
    query = select(notifications).where(IS_DUE, notifications.c.due <= now)
    ordered = query.order_by(notifications.c.due, notifications.c.key).limit(limit)
    return [Notification(**row._mapping) for row in connection.execute(ordered)]


def notification_by_key(connection: Connection, key: int) -> Notification | None:
    """Return the message of that key, None where there is none."""
    row = connection.execute(select(notifications).where(notifications.c.key == key)).first()
    return None if row is None else Notification(**row._mapping)


def list_notifications(
    connection: Connection,
    *,
    channel: int | None = None,
    model: int | None = None,
    state: NotificationState | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before_key: int | None = None,
    limit: int = 100,
) -> list[Notification]:
    """Return up to `limit` messages, the newest first, after the one with the key `before_key`.

    Only those made from `since` up to `until`, where these are given.
    """
    query = select(notifications).order_by(notifications.c.key.desc()).limit(limit)
    if channel is not None:
        query = query.where(notifications.c.channel == channel)
    if model is not None:
        query = query.where(notifications.c.model == model)
    if state is not None:
        query = query.where(notifications.c.state == state)
    if since is not None:
        query = query.where(notifications.c.created >= since)
    if until is not None:
        query = query.where(notifications.c.created <= until)
    if before_key is not None:
        query = query.where(notifications.c.key < before_key)
    return [Notification(**row._mapping) for row in connection.execute(query)]


def set_sent(connection: Connection, key: int, sent: datetime) -> None:
    """Note that a message was sent."""
    _set(connection, key, {"state": "sent", "sent": sent, "error": None})


def set_failed(connection: Connection, key: int, *, due: datetime, error: str) -> None:
    """Note why a message was not sent, and when to try again."""
    _set(connection, key, {"due": due, "error": error})


def set_dead(connection: Connection, key: int, error: str) -> None:
    """Note that a message is given up, and why."""
    _set(connection, key, {"state": "dead", "error": error})


def _set(connection: Connection, key: int, values: Mapping[str, Any]) -> None:
    attempts = {"attempts": notifications.c.attempts + 1}
    connection.execute(update(notifications).where(notifications.c.key == key).values({**values, **attempts}))
