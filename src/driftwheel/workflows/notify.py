"""The workflow `notify`: messages that are due are made, and those that wait are sent."""

from __future__ import annotations

from typing import Any

from dbos import DBOS

from driftwheel.services.send_notifications import make_messages, send_waiting
from driftwheel.workflows.worker import current

__all__ = ["notify"]


@DBOS.workflow(name="notify")
def notify() -> dict[str, Any]:
    """Tell channels what is due; return how many messages were made, sent, and not sent."""
    return {"made": _make()} | _send()


@DBOS.step(name="notify-make")
def _make() -> int:
    worker = current()
    with worker.step():
        return make_messages(worker.engine, now=worker.now(), public_url=worker.public_url)


@DBOS.step(name="notify-send")
def _send() -> dict[str, Any]:
    worker = current()
    with worker.step():
        done = send_waiting(worker.engine, clock=worker.now, allow_private=worker.allow_private_channels)
    return {"sent": done.sent, "failed": done.failed, "dead": done.dead}
