"""Tasks whose label is known well: decided by a person, or sure by several answers."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, or_, select

from driftwheel.store.label_tables import tasks
from driftwheel.store.tasks import Task

__all__ = ["labelled_tasks", "sure_tasks"]


def labelled_tasks(connection: Connection, chosen: Collection[int], *, limit: int) -> list[Task]:
    """Return up to `limit` real tasks of these pools that have a label, the newest first."""
    if not chosen:
        return []
    query = select(tasks).where(
        tasks.c.pool.in_(sorted(chosen)),
        tasks.c.kind == "real",
        tasks.c.state == "done",
        tasks.c.consensus.is_not(None),
    )
    rows = connection.execute(query.order_by(tasks.c.key.desc()).limit(limit))
    return [Task(**row._mapping) for row in rows]


def sure_tasks(
    connection: Connection,
    chosen: Collection[int],
    *,
    confidence: float | None,
    least_answers: int = 2,
    limit: int = 2000,
) -> list[Task]:
    """Return up to `limit` labelled tasks of these pools that a person decided of, the newest first.

    Parameters
    ----------
    confidence
        Also those that nobody decided of, where the consensus is at least so sure; None: not those.
    least_answers
        Of these, so many answers at least.
    """
    if not chosen:
        return []
    known: ColumnElement[bool] = tasks.c.reviewed.is_not(None)
    if confidence is not None:
        sure = (tasks.c.confidence >= confidence) & (tasks.c.answers >= least_answers)
        known = or_(known, sure & tasks.c.review.is_(None))
    query = select(tasks).where(
        tasks.c.pool.in_(sorted(chosen)),
        tasks.c.kind == "real",
        tasks.c.state == "done",
        tasks.c.consensus.is_not(None),
        known,
    )
    return [
        Task(**row._mapping) for row in connection.execute(query.order_by(tasks.c.key.desc()).limit(limit))
    ]
