"""Taking messages out of the outbox: of each channel the oldest that waits, by one worker at a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, func, select, update

from driftwheel.store.alerts.notifications import Notification
from driftwheel.store.schema.alert_tables import IS_DUE, notifications

__all__ = ["claim_due", "drop_waiting", "waits_for"]


def claim_due(
    connection: Connection, now: datetime, until: datetime, *, limit: int = 20
) -> list[Notification]:
    """Return the messages to send now, and let nobody else have them until then.

    Of each channel only the oldest that waits is sent, so that messages arrive in the order they were made. A
    worker that ends before it has noted what became of a message leaves it to be sent again.
    """
    oldest = select(func.min(notifications.c.key)).where(IS_DUE).group_by(notifications.c.channel)
    query = select(notifications).where(
        IS_DUE, notifications.c.due <= now, notifications.c.key.in_(oldest.scalar_subquery())
    )
    rows = connection.execute(
        query.order_by(notifications.c.due, notifications.c.key)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [Notification(**row._mapping) for row in rows]
    if found:
        keys = [one.key for one in found]
        connection.execute(update(notifications).where(notifications.c.key.in_(keys)).values(due=until))
    return found


def waits_for(connection: Connection, channel: int, model: int) -> bool:
    """Return whether a message of this channel about this model has not been sent yet."""
    wanted = notifications.c.channel == channel, notifications.c.model == model
    found: bool = connection.execute(select(exists().where(IS_DUE, *wanted))).scalar_one()
    return found


def drop_waiting(connection: Connection, channel: int, why: str) -> int:
    """Give up all that waits for a channel, and return how many messages those were."""
    waiting = update(notifications).where(IS_DUE, notifications.c.channel == channel)
    return connection.execute(waiting.values(state="dead", error=why)).rowcount
