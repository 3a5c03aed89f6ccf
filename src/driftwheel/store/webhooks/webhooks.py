"""Webhooks: who is told, over HTTP, of what happens in a labelling project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, delete, insert, select, update

from driftwheel.store.schema.webhook_tables import webhooks

__all__ = [
    "WEBHOOK_EVENTS",
    "Webhook",
    "WebhookEvent",
    "create_webhook",
    "delete_webhook",
    "list_webhooks",
    "update_webhook",
    "webhook_by_key",
    "webhooks_for",
]

WebhookEvent = Literal[
    "task.completed", "task.reopened", "task.review_wanted", "pool.opened", "pool.closed", "ping"
]

WEBHOOK_EVENTS: Final[tuple[WebhookEvent, ...]] = (
    "task.completed",
    "task.reopened",
    "task.review_wanted",
    "pool.opened",
    "pool.closed",
)
"""What a webhook may be told of; ``ping`` is sent to try one."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook; the columns are described in `driftwheel.store.schema.webhook_tables`."""

    key: int
    project: int
    url: str = field(repr=False)
    secret: str = field(repr=False)
    events: tuple[WebhookEvent, ...]
    note: str
    enabled: bool
    off_because: str | None
    rests_until: datetime | None
    failures: int
    failing_since: datetime | None
    last_sent: datetime | None
    last_error: str | None
    created: datetime
    by: str


def create_webhook(
    connection: Connection,
    project: int,
    *,
    url: str,
    secret: str,
    events: Sequence[WebhookEvent],
    note: str,
    created: datetime,
    by: str,
) -> Webhook:
    """Add a webhook to a project, switched on, and return it."""
    values = {
        "project": project,
        "url": url,
        "secret": secret,
        "events": list(events),
        "note": note,
        "enabled": True,
        "failures": 0,
        "created": created,
        "by": by,
    }
    return _webhook(connection.execute(insert(webhooks).values(values).returning(*webhooks.c)).one())


def webhook_by_key(connection: Connection, key: int) -> Webhook | None:
    """Return the webhook of that key, None where there is none."""
    row = connection.execute(select(webhooks).where(webhooks.c.key == key)).first()
    return None if row is None else _webhook(row)


def list_webhooks(connection: Connection, project: int) -> list[Webhook]:
    """Return the webhooks of a project, the oldest first."""
    query = select(webhooks).where(webhooks.c.project == project).order_by(webhooks.c.key)
    return [_webhook(row) for row in connection.execute(query)]


def webhooks_for(connection: Connection, project: int, event: WebhookEvent) -> list[int]:
    """Return the keys of the webhooks of a project that are on and are told of an event."""
    query = select(webhooks.c.key, webhooks.c.events).where(webhooks.c.project == project)
    rows = connection.execute(query.where(webhooks.c.enabled).order_by(webhooks.c.key))
    return [key for key, events in rows if event in events]


def update_webhook(connection: Connection, key: int, values: Mapping[str, Any]) -> None:
    """Change columns of a webhook."""
    connection.execute(update(webhooks).where(webhooks.c.key == key).values(dict(values)))


def delete_webhook(connection: Connection, key: int) -> None:
    """Delete a webhook, and all that was or is to be sent to it."""
    connection.execute(delete(webhooks).where(webhooks.c.key == key))


def _webhook(row: Row[Any]) -> Webhook:
    plain = dict(row._mapping)
    return Webhook(**(plain | {"events": tuple(plain["events"])}))
