"""The workflow `notify`: messages that are due are made, and those that wait are sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dbos import DBOS
from sqlalchemy import Connection

from driftwheel.services.channels.make_notices import channels_to_tell, make_notices
from driftwheel.services.channels.send_notifications import make_messages, send_waiting
from driftwheel.store.alerts.notifications import due_notifications
from driftwheel.store.alerts.notified_groups import due_groups
from driftwheel.workflows.worker import current

__all__ = ["is_to_tell", "notify"]


def is_to_tell(connection: Connection, now: datetime) -> bool:
    """Return whether a message is to be made or sent now."""
    return bool(
        due_groups(connection, now, limit=1)
        or due_notifications(connection, now, limit=1)
        or channels_to_tell(connection, now)
    )


@DBOS.workflow(name="notify")
def notify() -> dict[str, Any]:
    """Tell channels what is due; return how many messages were made, sent, and not sent."""
    return {"made": _make()} | _send()


@DBOS.step(name="notify-make")
def _make() -> int:
    worker = current()
    with worker.step():
        made = make_messages(worker.engine, now=worker.now(), public_url=worker.public_url)
        return made + make_notices(worker.engine, now=worker.now(), public_url=worker.public_url)


@DBOS.step(name="notify-send")
def _send() -> dict[str, Any]:
    worker = current()
    with worker.step():
        done = send_waiting(worker.engine, clock=worker.now, allow_private=worker.allow_private_channels)
    return {"sent": done.sent, "failed": done.failed, "dead": done.dead}
