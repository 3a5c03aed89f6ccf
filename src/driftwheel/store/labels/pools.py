"""Pools: which images of a project are labelled, by how many people, and for how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, delete, exists, select, update

from driftwheel.errors import UsageError
from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.label_tables import pools, tasks

__all__ = [
    "ClosedBecause",
    "Pool",
    "PoolState",
    "add_to_pool",
    "create_pool",
    "delete_empty_pool",
    "list_pools",
    "lock_pool",
    "open_pools",
    "pool_by_key",
    "set_pool_rules",
    "set_pool_state",
    "set_pool_watch",
]

PoolState = Literal["draft", "open", "closed"]
ClosedBecause = Literal["finished", "budget", "by_hand"]


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool; the columns are described in `driftwheel.store.schema.label_tables`."""

    key: int
    project: int
    name: str
    state: PoolState
    closed_because: ClosedBecause | None
    overlap: int
    most_overlap: int
    confidence: float
    golden_share: float
    exam_pass: float
    lease_seconds: int
    price: int
    most_paid: int | None
    requires: Mapping[str, Any]
    tasks: int
    done: int
    paid: int
    reserved: int
    created: datetime
    by: str
    rules: Mapping[str, Any] | None
    fast_limit: float | None
    watched: int | None

    @property
    def affordable(self) -> int | None:
        """Answers that the budget still pays beside those that are expected; None: no bound."""
        return None if self.most_paid is None else max(0, self.most_paid - self.paid - self.reserved)


def create_pool(
    connection: Connection,
    project: int,
    name: str,
    *,
    overlap: int,
    most_overlap: int,
    confidence: float,
    golden_share: float,
    exam_pass: float,
    lease_seconds: int,
    price: int,
    most_paid: int | None,
    requires: Mapping[str, Any],
    created: datetime,
    by: str,
    rules: Mapping[str, Any] | None = None,
) -> Pool:
    """Add a pool without a task, as a draft, and return it; raise `UsageError` where the name is taken."""
    values = {
        "project": project,
        "name": name,
        "state": "draft",
        "overlap": overlap,
        "most_overlap": most_overlap,
        "confidence": confidence,
        "golden_share": golden_share,
        "exam_pass": exam_pass,
        "lease_seconds": lease_seconds,
        "price": price,
        "most_paid": most_paid,
        "requires": dict(requires),
        "rules": None if rules is None else dict(rules),
        "tasks": 0,
        "done": 0,
        "paid": 0,
        "reserved": 0,
        "created": created,
        "by": by,
    }
    statement = upsert(connection.dialect.name, pools).values(values)
    statement = statement.on_conflict_do_nothing(index_elements=["project", "name"])
    row = connection.execute(statement.returning(*pools.c)).first()
    if row is None:
        raise UsageError(f"The project has a pool '{name}' already; choose another name.")
    return Pool(**row._mapping)


def delete_empty_pool(connection: Connection, key: int) -> None:
    """Delete a pool that has no task."""
    empty = ~exists().where(tasks.c.pool == pools.c.key)
    connection.execute(delete(pools).where(pools.c.key == key, empty))


def pool_by_key(connection: Connection, key: int) -> Pool | None:
    """Return the pool of that key, None where there is none."""
    return _one(connection, select(pools).where(pools.c.key == key))


def lock_pool(connection: Connection, key: int) -> Pool | None:
    """Lock a pool until the transaction ends, and return it as it is then; None where there is none.

    See `driftwheel.store.labels.label_locks` for when.
    """
    return _one(connection, select(pools).where(pools.c.key == key).with_for_update(key_share=True))


def list_pools(connection: Connection, project: int) -> list[Pool]:
    """Return the pools of a project, the oldest first."""
    query = select(pools).where(pools.c.project == project).order_by(pools.c.key)
    return [Pool(**row._mapping) for row in connection.execute(query)]


def open_pools(connection: Connection, project: int) -> list[Pool]:
    """Return the open pools of a project, the oldest first."""
    return [one for one in list_pools(connection, project) if one.state == "open"]


def set_pool_state(
    connection: Connection, key: int, state: PoolState, because: ClosedBecause | None = None
) -> None:
    """Open or close a pool."""
    connection.execute(update(pools).where(pools.c.key == key).values(state=state, closed_because=because))


def set_pool_rules(connection: Connection, key: int, rules: Mapping[str, Any]) -> None:
    """Keep the rules of a pool that are not the default."""
    connection.execute(update(pools).where(pools.c.key == key).values(rules=dict(rules)))


def set_pool_watch(connection: Connection, key: int, *, fast_limit: float, watched: int) -> None:
    """Keep what was found of a pool's answers: which are too fast, and up to which they were looked at."""
    changed = update(pools).where(pools.c.key == key)
    connection.execute(changed.values(fast_limit=fast_limit, watched=watched))


def add_to_pool(
    connection: Connection, key: int, *, tasks: int = 0, done: int = 0, paid: int = 0, reserved: int = 0
) -> Pool:
    """Add to what is counted of a pool, which is locked from then on, and return it."""
    changed = update(pools).where(pools.c.key == key)
    changed = changed.values(
        tasks=pools.c.tasks + tasks,
        done=pools.c.done + done,
        paid=pools.c.paid + paid,
        reserved=pools.c.reserved + reserved,
    )
    return Pool(**connection.execute(changed.returning(*pools.c)).one()._mapping)


def _one(connection: Connection, query: Select[Any]) -> Pool | None:
    row = connection.execute(query).first()
    return None if row is None else Pool(**row._mapping)
