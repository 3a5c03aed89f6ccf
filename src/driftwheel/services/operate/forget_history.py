"""Forget history: old messages and evaluations, and what alerts said that ended long ago.

The alerts themselves stay, and so do verdicts and the audit log. Of each monitor as many of the newest
evaluations of a segment stay as its alerts look at, however old they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from driftwheel.alerts.life_cycle import windows_needed
from driftwheel.errors import DriftwheelError
from driftwheel.monitors.monitor import monitor_from
from driftwheel.services.channels.make_notices import NEWS_FOR
from driftwheel.services.crash_points import reach
from driftwheel.store.alerts.history import (
    delete_evaluations,
    delete_messages,
    empty_documents,
    old_evaluations,
)
from driftwheel.store.alerts.monitors import StoredMonitor, list_monitors
from driftwheel.store.alerts.notices import delete_notices
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import lock_model
from driftwheel.store.webhooks.webhook_deliveries import delete_deliveries

__all__ = ["Forgotten", "forget_history"]

_AT_ONCE = 500
"""Rows of one transaction: it is to keep those who write waiting for no more than some 50 ms."""

_FOUND_AT_ONCE = 40
"""Transactions for which old evaluations are looked for at once: where a million are old that takes 1 s."""

_UNREADABLE = 800  # evaluations of a segment kept of a monitor that this release cannot read


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was deleted: messages, evaluations, documents of alerts, and what was sent to webhooks."""

    messages: int = 0
    evaluations: int = 0
    documents: int = 0
    deliveries: int = 0

    @property
    def any(self) -> bool:
        """Whether there may be more."""
        return bool(self.messages or self.deliveries or self.evaluations or self.documents)


def forget_history(
    engine: Engine, *, now: datetime, message_days: int, history_days: int, limit: int = _AT_ONCE
) -> Forgotten:
    """Delete a part of what is too old, each kind in a transaction of its own; call it until nothing is left.

    Parameters
    ----------
    message_days
        So long messages are kept that were sent or given up, and notices; those that wait stay, but to
        webhooks that are off.
    history_days
        So long evaluations are kept, and what ended alerts said.
    limit
        Most rows of one transaction; of the evaluations of each monitor 40 times as many.
    """
    before = now - timedelta(days=history_days)
    with writing(engine) as connection:
        messages = delete_messages(connection, now - timedelta(days=message_days), limit)
        messages += delete_notices(connection, now - max(2 * NEWS_FOR, timedelta(days=message_days)), limit)
        reach("history-messages-deleted")
    with writing(engine) as connection:
        deliveries = delete_deliveries(connection, now - timedelta(days=message_days), limit)
    with writing(engine) as connection:
        documents = empty_documents(connection, before, limit)
        reach("history-documents-emptied")
    with reading(engine) as connection:
        monitors = list_monitors(connection)
    evaluations = sum(_forget_evaluations(engine, one, before, limit) for one in monitors)
    reach("history-committed")
    return Forgotten(messages, evaluations, documents, deliveries)


def _forget_evaluations(engine: Engine, monitor: StoredMonitor, before: datetime, limit: int) -> int:
    try:
        keep = windows_needed(monitor_from(monitor.name, monitor.definition))
    except DriftwheelError:
        keep = _UNREADABLE
    with reading(engine) as connection:
        keys = old_evaluations(connection, monitor.key, before, keep=keep, limit=limit * _FOUND_AT_ONCE)
    gone = 0
    for begin in range(0, len(keys), limit):
        with writing(engine) as connection:
            lock_model(connection, monitor.model)  # as all that writes evaluations
            gone += delete_evaluations(connection, monitor.key, keys[begin : begin + limit])
            reach("history-evaluations-deleted")
    return gone
