"""The outbox of webhooks: what is to be sent, was sent, or was given up."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, exists, func, insert, or_, select, update

from driftwheel.store.schema.webhook_tables import IS_WAITING, webhook_deliveries, webhooks
from driftwheel.store.webhooks.webhooks import Webhook, WebhookEvent, webhook_by_key

__all__ = [
    "DeliveryState",
    "WebhookDelivery",
    "add_deliveries",
    "add_delivery",
    "claim_deliveries",
    "count_deliveries",
    "delete_deliveries",
    "delivery_by_key",
    "is_any_due",
    "list_deliveries",
    "set_delivery",
    "wake_deliveries",
]

DeliveryState = Literal["waiting", "sent", "dead"]
"""``dead``: it was tried for long enough, and others arrived meanwhile."""


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """What is sent to a webhook; the columns are described in `driftwheel.store.schema.webhook_tables`."""

    key: int
    id: str
    webhook: int
    event: WebhookEvent
    data: Mapping[str, Any]
    state: DeliveryState
    attempts: int
    due: datetime
    created: datetime
    sent: datetime | None
    status: int | None
    error: str | None


def add_deliveries(
    connection: Connection,
    keys: Sequence[int],
    event: WebhookEvent,
    data: Iterable[Mapping[str, Any]],
    now: datetime,
) -> list[str]:
    """Put what is told of an event into the outbox of each webhook, and return the ids."""
    rows = [
        {
            "id": str(uuid.uuid4()),
            "webhook": key,
            "event": event,
            "data": dict(one),
            "state": "waiting",
            "attempts": 0,
            "due": now,
            "created": now,
        }
        for one in data
        for key in keys
    ]
    if rows:
        connection.execute(insert(webhook_deliveries), rows)
    return [str(one["id"]) for one in rows]


def add_delivery(connection: Connection, one: WebhookDelivery) -> None:
    """Keep what was sent already, as it is but its key."""
    plain = asdict(one)
    del plain["key"]
    connection.execute(insert(webhook_deliveries).values(plain))


def is_any_due(connection: Connection, now: datetime) -> bool:
    """Return whether something is to be sent now."""
    found: bool = connection.execute(select(exists(select(webhooks.c.key).where(*_is_due(now))))).scalar_one()
    return found


def claim_deliveries(
    connection: Connection, now: datetime, until: datetime, *, most: int, each: int
) -> list[tuple[Webhook, list[WebhookDelivery]]]:
    """Return what is to be sent now, of up to `most` webhooks, to each up to `each`, the oldest first.

    Nobody else has those webhooks until then: a worker that ends before it has noted what became of it leaves
    it to be sent again.
    """
    chosen = select(webhooks.c.key).where(*_is_due(now)).order_by(webhooks.c.rests_until, webhooks.c.key)
    held = chosen.limit(most).with_for_update(key_share=True, skip_locked=True)  # who adds some is let be
    keys = connection.execute(held).scalars().all()
    found: list[tuple[Webhook, list[WebhookDelivery]]] = []
    for key in keys:
        connection.execute(update(webhooks).where(webhooks.c.key == key).values(rests_until=until))
        waiting = select(webhook_deliveries).where(
            webhook_deliveries.c.webhook == key, IS_WAITING, webhook_deliveries.c.due <= now
        )
        rows = connection.execute(waiting.order_by(webhook_deliveries.c.key).limit(each))
        webhook = webhook_by_key(connection, key)
        if webhook is not None:
            found.append((webhook, [WebhookDelivery(**row._mapping) for row in rows]))
    return found


def set_delivery(
    connection: Connection,
    key: int,
    state: DeliveryState,
    *,
    due: datetime,
    sent: datetime | None = None,
    status: int | None = None,
    error: str | None = None,
) -> None:
    """Note what became of an attempt to send something."""
    changed = update(webhook_deliveries).where(webhook_deliveries.c.key == key)
    attempts = webhook_deliveries.c.attempts + 1
    connection.execute(
        changed.values(state=state, due=due, sent=sent, status=status, error=error, attempts=attempts)
    )


def wake_deliveries(connection: Connection, webhook: int, now: datetime) -> None:
    """Make all that waits for a webhook due now."""
    waiting = update(webhook_deliveries).where(webhook_deliveries.c.webhook == webhook, IS_WAITING)
    connection.execute(waiting.values(due=now))


def delivery_by_key(connection: Connection, key: int) -> WebhookDelivery | None:
    """Return what has that key, None where there is nothing."""
    row = connection.execute(select(webhook_deliveries).where(webhook_deliveries.c.key == key)).first()
    return None if row is None else WebhookDelivery(**row._mapping)


def list_deliveries(
    connection: Connection,
    webhook: int,
    *,
    state: DeliveryState | None = None,
    before_key: int | None = None,
    limit: int = 100,
) -> list[WebhookDelivery]:
    """Return up to `limit` deliveries to a webhook, the newest first, after the one with that key."""
    query = select(webhook_deliveries).where(webhook_deliveries.c.webhook == webhook)
    if state is not None:
        query = query.where(webhook_deliveries.c.state == state)
    if before_key is not None:
        query = query.where(webhook_deliveries.c.key < before_key)
    rows = connection.execute(query.order_by(webhook_deliveries.c.key.desc()).limit(limit))
    return [WebhookDelivery(**row._mapping) for row in rows]


def count_deliveries(connection: Connection, webhook: int) -> dict[DeliveryState, int]:
    """Return how many deliveries to a webhook there are, by state."""
    query = select(webhook_deliveries.c.state, func.count()).where(webhook_deliveries.c.webhook == webhook)
    return {row[0]: row[1] for row in connection.execute(query.group_by(webhook_deliveries.c.state))}


def delete_deliveries(connection: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` deliveries older than that which wait no more, or whose webhook is off."""
    c = webhook_deliveries.c
    off = select(webhooks.c.key).where(~webhooks.c.enabled)
    old = select(c.key).where(c.created < before, or_(c.state != "waiting", c.webhook.in_(off)))
    keys = connection.execute(old.order_by(c.key).limit(limit)).scalars().all()
    if not keys:
        return 0
    return connection.execute(delete(webhook_deliveries).where(c.key.in_(keys))).rowcount


def _is_due(now: datetime) -> tuple[Any, ...]:
    waits = exists().where(
        webhook_deliveries.c.webhook == webhooks.c.key,
        webhook_deliveries.c.state == "waiting",
        webhook_deliveries.c.due <= now,
    )
    return webhooks.c.enabled, or_(webhooks.c.rests_until.is_(None), webhooks.c.rests_until <= now), waits
