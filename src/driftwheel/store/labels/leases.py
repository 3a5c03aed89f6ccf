"""Leases: which task was given to whom, and until when nobody else gets it in their place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, select, update

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.label_tables import IS_LIVE, leases

__all__ = [
    "Lease",
    "end_expired",
    "end_lease",
    "ever_given",
    "expired_tasks",
    "find_lease",
    "give_lease",
    "held_tasks",
    "lease_by_key",
    "renew_leases",
]


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease; `ended` is None while it is live, even after `expires`, until somebody takes it back.

    Its key is what the annotator knows the task by: keys grow in the order of handing out, and the lease of
    a task to an annotator keeps its own for ever. Keys of tasks would tell which were filled together.
    """

    key: int
    task: int
    pool: int
    annotator: int
    begun: datetime
    expires: datetime
    ended: datetime | None


def give_lease(
    connection: Connection, task: int, *, pool: int, annotator: int, begun: datetime, expires: datetime
) -> Lease:
    """Give a task, which is locked, to an annotator, perhaps once more, and return the lease."""
    values = {
        "task": task,
        "pool": pool,
        "annotator": annotator,
        "begun": begun,
        "expires": expires,
        "ended": None,
    }
    statement = upsert(connection.dialect.name, leases).values(values)
    statement = statement.on_conflict_do_update(
        index_elements=["task", "annotator"], set_={"begun": begun, "expires": expires, "ended": None}
    )
    return _lease(connection.execute(statement.returning(*leases.c)).one())


def renew_leases(
    connection: Connection, pool: int, annotator: int, expires: datetime, *, longest: timedelta
) -> list[Lease]:
    """Move the end of an annotator's live leases of a pool, and return them, the oldest first.

    No lease lasts longer than `longest` from its beginning: who only asks and never answers holds nothing.

    Those that somebody else takes back at this moment are theirs no more, and are left alone: to wait for
    them would be to wait in a circle where two annotators take back each other's.
    """
    theirs = select(leases).where(leases.c.annotator == annotator, leases.c.pool == pool, IS_LIVE)
    held = connection.execute(theirs.with_for_update(key_share=True, skip_locked=True))
    renewed = [
        replace(one, expires=min(expires, one.begun + longest)) for one in sorted(map(_lease, held), key=_age)
    ]
    for end, some in groupby(sorted(renewed, key=lambda one: one.expires), key=lambda one: one.expires):
        moved = update(leases).where(leases.c.key.in_([one.key for one in some]))
        connection.execute(moved.values(expires=end))
    return renewed


def ever_given(connection: Connection, tasks: Collection[int]) -> set[int]:
    """Return which of these few tasks were ever given to anybody."""
    query = select(leases.c.task).where(leases.c.task.in_(sorted(tasks))).distinct()
    return set(connection.execute(query).scalars()) if tasks else set()


def find_lease(connection: Connection, task: int, annotator: int) -> Lease | None:
    """Return the lease of a task to an annotator, live or ended; None where it was never given."""
    query = select(leases).where(leases.c.task == task, leases.c.annotator == annotator)
    row = connection.execute(query).first()
    return None if row is None else _lease(row)


def lease_by_key(connection: Connection, key: int, annotator: int) -> Lease | None:
    """Return an annotator's lease of that key, live or ended; None where they never had one."""
    query = select(leases).where(leases.c.key == key, leases.c.annotator == annotator)
    row = connection.execute(query).first()
    return None if row is None else _lease(row)


def held_tasks(connection: Connection, annotator: int) -> list[int]:
    """Return the tasks of all live leases of an annotator, in all pools."""
    query = select(leases.c.task).where(leases.c.annotator == annotator, IS_LIVE)
    return sorted(connection.execute(query).scalars())


def end_lease(connection: Connection, task: int, annotator: int, now: datetime) -> bool:
    """End the lease of a task, which is locked, and return whether it was live."""
    ended = update(leases).where(leases.c.task == task, leases.c.annotator == annotator, IS_LIVE)
    return connection.execute(ended.values(ended=now)).rowcount > 0


def expired_tasks(connection: Connection, pool: int, now: datetime, *, limit: int) -> list[int]:
    """Return tasks of a pool that have a live lease which has expired, the longest ago first."""
    query = select(leases.c.task).where(leases.c.pool == pool, IS_LIVE, leases.c.expires <= now)
    return sorted(set(connection.execute(query.order_by(leases.c.expires).limit(limit)).scalars()))


def end_expired(connection: Connection, tasks: Collection[int], now: datetime) -> list[int]:
    """End the live leases of these tasks, which are locked, that have expired; return a task for each."""
    if not tasks:
        return []
    ended = update(leases).where(leases.c.task.in_(sorted(tasks)), IS_LIVE, leases.c.expires <= now)
    return sorted(connection.execute(ended.values(ended=now).returning(leases.c.task)).scalars())


def _age(lease: Lease) -> tuple[datetime, int]:
    return lease.begun, lease.key


def _lease(row: Row[Any]) -> Lease:
    return Lease(**row._mapping)
