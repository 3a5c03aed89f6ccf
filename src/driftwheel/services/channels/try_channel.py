"""Send a message to a channel to see whether it arrives."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from driftwheel.alerts.compose import trial_message
from driftwheel.alerts.message import message_to_json
from driftwheel.notify.send import Delivery, send_message
from driftwheel.services.channels.send_notifications import thread_of
from driftwheel.store.alerts.channels import find_channel, note_failed, note_sent
from driftwheel.store.alerts.notifications import add_notification, set_dead, set_sent
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.operate.audit import note

__all__ = ["try_channel"]


def try_channel(
    engine: Engine,
    name: str,
    *,
    by: str,
    now: datetime,
    dedup: str,
    public_url: str | None = None,
    allow_private: bool = False,
) -> Delivery:
    """Send a channel a message that says that it is a test, at once, and return what became of it.

    It is tried once, whatever waits for the channel, its quiet hours, and whether it is on. What became of it
    is noted at the channel, among its messages and in the audit.

    Parameters
    ----------
    name
        The channel's.
    by, now
        Who wants to know, and the time in UTC.
    dedup
        Of the message: 1 to 64 characters that no other message has.
    public_url
        Where people reach the server.
    allow_private
        Let it reach private networks and this machine.

    Raises
    ------
    UsageError
        When there is no such channel, or its address cannot be used.
    """
    with reading(engine) as connection:
        channel = find_channel(connection, name)
    message = trial_message(channel=name, now=now, public_url=public_url)
    thread = thread_of(channel.key, None)
    delivery = send_message(channel.url, message, dedup=dedup, thread=thread, allow_private=allow_private)
    with writing(engine) as connection:
        body = message_to_json(message)
        key = add_notification(
            connection, dedup=dedup, channel=channel.key, model=None, kind="test", body=body, created=now
        )
        if key is not None:
            set_sent(connection, key, now) if delivery.sent else set_dead(connection, key, delivery.said)
        if delivery.sent:
            note_sent(connection, channel.key, now)
        else:
            note_failed(connection, channel.key, now, delivery.said)
        note(connection, now, by, "test-channel", f"channel {name}", {"sent": delivery.sent})
    return delivery
