"""Tasks that an annotator may be given next: found without locking, then locked if nobody else has."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, exists, func, select

from driftwheel.store.labels.tasks import Task, TaskKind, task_of
from driftwheel.store.schema.label_tables import (
    HAS_ROOM,
    IS_IN_FORCE,
    IS_LIVE,
    IS_SPECIAL,
    answers,
    leases,
    tasks,
)

__all__ = ["count_strata", "find_special", "free_tasks", "lock_free"]


def free_tasks(
    connection: Connection, pool: int, annotator: int, *, after: int, again: bool, limit: int
) -> list[tuple[int, int, bool]]:
    """Return key and position of tasks with room beyond a position, and whether they are open to somebody.

    They are not locked. A task that the annotator holds, or has answered or passed over, is not open to them.

    Parameters
    ----------
    again
        Look among tasks that are wanted again, below 0; else among the others.
    """
    mine = _is_open_to(annotator).label("mine")
    query = select(tasks.c.key, tasks.c.position, mine).where(
        tasks.c.pool == pool, HAS_ROOM, tasks.c.position > after
    )
    if again:
        query = query.where(tasks.c.position < 0)
    found = connection.execute(query.order_by(tasks.c.position, tasks.c.key).limit(limit))
    return [(key, position, bool(mine)) for key, position, mine in found]


def find_special(
    connection: Connection,
    pool: int,
    annotator: int,
    kind: TaskKind,
    *,
    stratum: str | None = None,
    without: Collection[int] = (),
    skip: int = 0,
) -> Task | None:
    """Return a golden, training or exam task that is open to an annotator: by position, after `skip`.

    Parameters
    ----------
    stratum
        Of golden tasks, the class by which they are balanced; None: any.
    without
        Keys of tasks to pass over.
    """
    query = select(tasks).where(
        tasks.c.pool == pool,
        tasks.c.kind == kind,
        IS_SPECIAL,
        tasks.c.state == "open",
        _is_open_to(annotator),
    )
    if stratum is not None:
        query = query.where(tasks.c.stratum == stratum)
    if without:
        query = query.where(tasks.c.key.not_in(sorted(without)))
    row = connection.execute(query.order_by(tasks.c.position, tasks.c.key).offset(skip).limit(1)).first()
    return None if row is None else task_of(row)


def count_strata(connection: Connection, pool: int, annotator: int) -> dict[str, tuple[int, int]]:
    """Return, of each class of golden tasks, how many there are and how many an annotator was given."""
    given = exists().where(leases.c.task == tasks.c.key, leases.c.annotator == annotator)
    query = select(tasks.c.stratum, func.count(), func.count().filter(given)).where(
        tasks.c.pool == pool, tasks.c.kind == "golden", IS_SPECIAL, tasks.c.state == "open"
    )
    return {name or "": (n, had) for name, n, had in connection.execute(query.group_by(tasks.c.stratum))}


def lock_free(connection: Connection, keys: Collection[int], limit: int) -> list[Task]:
    """Lock up to `limit` of these tasks that have room and nobody else has locked, and return them."""
    if not keys or limit <= 0:
        return []
    query = select(tasks).where(tasks.c.key.in_(sorted(keys)), HAS_ROOM)
    ordered = query.order_by(tasks.c.position, tasks.c.key).limit(limit)
    found = connection.execute(ordered.with_for_update(key_share=True, skip_locked=True))
    return [task_of(row) for row in found]


def _is_open_to(annotator: int) -> ColumnElement[bool]:
    held = exists().where(leases.c.task == tasks.c.key, leases.c.annotator == annotator, IS_LIVE)
    done = exists().where(answers.c.task == tasks.c.key, answers.c.annotator == annotator, IS_IN_FORCE)
    return ~held & ~done
