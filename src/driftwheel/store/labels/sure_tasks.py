"""Tasks whose label is known well: decided by a person, or sure by several answers."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, or_, select

from driftwheel.store.labels.tasks import Task
from driftwheel.store.schema.label_tables import tasks

__all__ = ["labelled_tasks", "sure_tasks"]


def labelled_tasks(connection: Connection, chosen: Collection[int], *, limit: int) -> list[Task]:
    """Return up to `limit` real tasks of these pools that have a label, the newest first."""
    return _newest(connection, chosen, limit)


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
    decided = tasks.c.reviewed.is_not(None)
    if confidence is None:
        return _newest(connection, chosen, limit, decided)
    sure = (tasks.c.confidence >= confidence) & (tasks.c.answers >= least_answers)
    return _newest(connection, chosen, limit, or_(decided, sure & tasks.c.review.is_(None)))


def _newest(
    connection: Connection, chosen: Collection[int], limit: int, *conditions: ColumnElement[bool]
) -> list[Task]:
    """Return the newest labelled tasks of each pool, and of all of them: so an index gives them in order."""
    found: list[Task] = []
    for pool in sorted(chosen):
        query = select(tasks).where(
            tasks.c.pool == pool,
            tasks.c.kind == "real",
            tasks.c.state == "done",
            tasks.c.consensus.is_not(None),
            *conditions,
        )
        rows = connection.execute(query.order_by(tasks.c.key.desc()).limit(limit))
        found += [Task(**row._mapping) for row in rows]
    return sorted(found, key=lambda one: -one.key)[:limit]
