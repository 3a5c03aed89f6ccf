"""The workflow `webhooks`: what happened in labelling projects is told to who wants to know."""

from __future__ import annotations

from typing import Any

from dbos import DBOS

from driftwheel.services.label.webhooks.send_webhooks import send_webhooks
from driftwheel.workflows.worker import current

__all__ = ["webhooks"]


@DBOS.workflow(name="webhooks")
def webhooks() -> dict[str, Any]:
    """Send what is due; return how much was sent, is to be sent again, and was given up."""
    return _send()


@DBOS.step(name="webhooks-send")
def _send() -> dict[str, Any]:
    worker = current()
    with worker.step():
        done = send_webhooks(
            worker.engine,
            clock=worker.now,
            allow_private=worker.allow_private_channels,
            stops=worker.stopping.is_set,
        )
    return {"sent": done.sent, "failed": done.failed, "dead": done.dead}
