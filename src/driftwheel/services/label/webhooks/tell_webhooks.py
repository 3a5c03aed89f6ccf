"""Put what happened in a labelling project into the outbox of its webhooks, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.tasks import Task
from driftwheel.store.webhooks.webhook_deliveries import add_deliveries
from driftwheel.store.webhooks.webhooks import WebhookEvent, webhooks_for

__all__ = ["tell_of_pool", "tell_of_tasks"]


def tell_of_tasks(
    connection: Connection, project: int, event: WebhookEvent, tasks: Iterable[Task], now: datetime
) -> None:
    """Tell the webhooks of a project what became of tasks: they are as they are from now on."""
    keys = webhooks_for(connection, project, event)
    if keys:
        add_deliveries(connection, keys, event, [_task(project, one) for one in tasks], now)


def tell_of_pool(  # noqa: PLR0917  a sentence
    connection: Connection, pool: Pool, event: WebhookEvent, because: str, reason: str, now: datetime
) -> None:
    """Tell the webhooks of a project that a pool was opened or closed.

    Parameters
    ----------
    pool
        With its numbers as they are from now on.
    because
        One word: ``finished``, ``budget``, ``by_hand``, …
    reason
        A sentence.
    """
    keys = webhooks_for(connection, pool.project, event)
    if keys:
        data = {
            "project": pool.project,
            "pool": pool.key,
            "name": pool.name,
            "because": because,
            "reason": reason,
            "tasks": pool.tasks,
            "done": pool.done,
            "paid": pool.paid,
        }
        add_deliveries(connection, keys, event, [data], now)


def _task(project: int, task: Task) -> Mapping[str, Any]:
    return {
        "project": project,
        "pool": task.pool,
        "task": task.key,
        "record": task.record,
        "image": task.image.hex(),
        "state": task.state,
        "answers": task.answers,
        "consensus": None if task.consensus is None else dict(task.consensus),
        "confidence": task.confidence,
        "review": task.review,
        "reviewed": task.reviewed is not None,
        "finished": None if task.finished is None else task.finished.isoformat(),
    }
