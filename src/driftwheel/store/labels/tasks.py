"""Tasks: images of a pool, each with how many answers it still wants."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from driftwheel.store.schema.columns import EPOCH, MICROSECOND
from driftwheel.store.schema.label_tables import (
    IS_SPECIAL,
    pools,
    projects,
    tasks,
)
from driftwheel.store.schema.tables import models, records
from driftwheel.store.windows.performance_due import mark_performance

__all__ = [
    "FIRST_AGAIN",
    "NewTask",
    "ReviewWhy",
    "Task",
    "TaskKind",
    "TaskState",
    "add_tasks",
    "again_position",
    "count_kinds",
    "count_states",
    "delete_tasks",
    "keys_of_records",
    "last_position",
    "list_tasks",
    "lock_task",
    "lock_tasks",
    "lock_unlocked",
    "records_in_pool",
    "save_task",
    "task_by_key",
    "task_of",
    "tasks_by_key",
]

TaskKind = Literal["real", "golden", "training", "exam"]
TaskState = Literal["open", "done", "disputed", "set_aside"]
"""Only open ones want answers; disputed and set-aside ones wait for a person who decides."""

ReviewWhy = Literal["disputed", "set_aside", "unsure", "sample"]
"""Why a person is to look at a task: annotators disagree after the most answers; too many skipped it; the
consensus is less sure than the pool asks for; or it is one of the share that is looked at in any case."""

FIRST_AGAIN = -(2**62)
"""Before the position of every task."""

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Task:
    """A task; the columns are described in `driftwheel.store.schema.label_tables`."""

    key: int
    pool: int
    kind: TaskKind
    position: int
    record: str
    image: bytes
    width: int | None
    height: int | None
    reason: str
    truth: Mapping[str, Any] | None
    stratum: str | None
    state: TaskState
    wanted: int
    answers: int
    leases: int
    skips: int
    room: int
    consensus: Mapping[str, Any] | None
    confidence: float | None
    finished: datetime | None
    review: ReviewWhy | None
    reviewed: int | None

    def with_room(self) -> Task:
        """Return the task with the room that its other numbers leave."""
        room = self.wanted - self.answers - self.leases if self.state == "open" else 0
        return replace(self, room=max(0, room))

    def reopened(self) -> Task:
        """Return the task as one that wants answers again: nothing is made of those it has."""
        nothing: dict[str, None] = dict.fromkeys(
            ("consensus", "confidence", "finished", "review", "reviewed")
        )
        return replace(self, state="open", **nothing)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be added."""

    kind: TaskKind
    position: int
    record: str
    image: bytes
    width: int | None
    height: int | None
    reason: str
    wanted: int
    truth: Mapping[str, Any] | None = None
    stratum: str | None = None


def again_position(now: datetime) -> int:
    """Return the position of a task that is wanted again: before all others, after earlier ones of its kind.

    Examples
    --------
    >>> from datetime import datetime, UTC
    >>> FIRST_AGAIN < again_position(datetime(2026, 3, 4, tzinfo=UTC)) < 0
    True
    """
    return FIRST_AGAIN + (now - EPOCH) // MICROSECOND


def add_tasks(connection: Connection, pool: int, new: Sequence[NewTask]) -> None:
    """Add tasks to a pool. A record that is in the pool already raises SQLAlchemy's ``IntegrityError``."""
    for begin in range(0, len(new), _CHUNK):
        rows = [
            {name: getattr(one, name) for name in NewTask.__dataclass_fields__}
            | {
                "pool": pool,
                "state": "open",
                "answers": 0,
                "leases": 0,
                "skips": 0,
                "room": one.wanted,
            }
            for one in new[begin : begin + _CHUNK]
        ]
        connection.execute(insert(tasks), rows)


def records_in_pool(connection: Connection, pool: int, ids: Sequence[str]) -> set[str]:
    """Return which of these records a pool has a task of."""
    found: set[str] = set()
    for begin in range(0, len(ids), _CHUNK):
        query = select(tasks.c.record).where(
            tasks.c.pool == pool, tasks.c.record.in_(ids[begin : begin + _CHUNK])
        )
        found |= set(connection.execute(query).scalars())
    return found


def keys_of_records(connection: Connection, pool: int, ids: Sequence[str]) -> list[int]:
    """Return the keys of a pool's tasks of these records, in their order."""
    found: list[int] = []
    for begin in range(0, len(ids), _CHUNK):
        query = select(tasks.c.key).where(
            tasks.c.pool == pool, tasks.c.record.in_(ids[begin : begin + _CHUNK])
        )
        found += connection.execute(query.order_by(tasks.c.key)).scalars()
    return found


def delete_tasks(connection: Connection, keys: Sequence[int]) -> None:
    """Delete tasks that nobody has answered, as if they had never been."""
    for begin in range(0, len(keys), _CHUNK):
        its = tasks.c.key.in_(keys[begin : begin + _CHUNK])
        _mark_performance(connection, and_(its, tasks.c.state == "done"))
        connection.execute(delete(tasks).where(its))


def last_position(connection: Connection, pool: int) -> int:
    """Return the highest position in a pool; 0 where it has no task."""
    found = connection.scalar(select(func.max(tasks.c.position)).where(tasks.c.pool == pool))
    return max(0, found or 0)


def task_by_key(connection: Connection, key: int) -> Task | None:
    """Return the task of that key, None where there is none."""
    return _one(connection, select(tasks).where(tasks.c.key == key))


def tasks_by_key(connection: Connection, keys: Collection[int]) -> dict[int, Task]:
    """Return those of these few tasks that are there."""
    query = select(tasks).where(tasks.c.key.in_(sorted(keys)))
    return {row.key: task_of(row) for row in connection.execute(query)} if keys else {}


def lock_task(connection: Connection, key: int) -> Task | None:
    """Lock a task until the transaction ends, and return it as it is then; None where there is none."""
    return _one(connection, select(tasks).where(tasks.c.key == key).with_for_update(key_share=True))


def lock_tasks(connection: Connection, keys: Collection[int]) -> Iterator[Task]:
    """Lock tasks one after the other, by key, and yield each as it is then."""
    ordered = sorted(set(keys))
    for begin in range(0, len(ordered), _CHUNK):
        part = select(tasks).where(tasks.c.key.in_(ordered[begin : begin + _CHUNK])).order_by(tasks.c.key)
        yield from [task_of(row) for row in connection.execute(part.with_for_update(key_share=True))]


def lock_unlocked(connection: Connection, keys: Collection[int]) -> list[Task]:
    """Lock those of these tasks that nobody else has locked, and return them."""
    if not keys:
        return []
    query = select(tasks).where(tasks.c.key.in_(sorted(keys))).order_by(tasks.c.key)
    found = connection.execute(query.with_for_update(key_share=True, skip_locked=True))
    return [task_of(row) for row in found]


def save_task(connection: Connection, task: Task) -> Task:
    """Keep what has changed of a task that is locked, with the room that leaves, and return it."""
    after = task.with_room()
    values = {
        name: getattr(after, name)
        for name in (
            "position",
            "state",
            "wanted",
            "answers",
            "leases",
            "skips",
            "room",
            "consensus",
            "confidence",
            "finished",
            "review",
            "reviewed",
        )
    }
    had = select(tasks.c.state, tasks.c.consensus).where(tasks.c.key == task.key)
    before = connection.execute(had).first()
    connection.execute(update(tasks).where(tasks.c.key == task.key).values(values))
    if before is not None and _label(before.state, before.consensus) != _label(after.state, after.consensus):
        _mark_performance(connection, tasks.c.key == after.key)
    return after


def _label(state: str, consensus: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return consensus if state == "done" else None


def _mark_performance(connection: Connection, which: ColumnElement[bool]) -> None:
    """Note that what is known of the windows of the records of these tasks has changed."""
    query = (
        select(models.c.key, models.c.window, records.c.time)
        .join(projects, projects.c.model == models.c.key)
        .join(pools, pools.c.project == projects.c.key)
        .join(tasks, tasks.c.pool == pools.c.key)
        .join(records, and_(records.c.model == models.c.key, records.c.id == tasks.c.record))
        .where(which, models.c.task == "classification")
    )
    rows = connection.execute(query).all()
    for model, window in sorted({(row.key, row.window) for row in rows}):
        times = [row.time for row in rows if row.key == model]
        mark_performance(connection, model, window, times)


def list_tasks(
    connection: Connection,
    pool: int,
    *,
    kind: TaskKind | None = None,
    state: TaskState | None = None,
    after_key: int = 0,
    limit: int = 100,
) -> list[Task]:
    """Return up to `limit` tasks of a pool by key, after the one with the key `after_key`."""
    query = select(tasks).where(tasks.c.pool == pool, tasks.c.key > after_key)
    if kind is not None:
        query = query.where(tasks.c.kind == kind)
    if state is not None:
        query = query.where(tasks.c.state == state)
    return [task_of(row) for row in connection.execute(query.order_by(tasks.c.key).limit(limit))]


def count_states(connection: Connection, pool: int) -> dict[tuple[TaskKind, TaskState], int]:
    """Return how many tasks of a pool there are, by kind and state."""
    query = select(tasks.c.kind, tasks.c.state, func.count()).where(tasks.c.pool == pool)
    rows = connection.execute(query.group_by(tasks.c.kind, tasks.c.state))
    return {(kind, state): n for kind, state, n in rows}


def count_kinds(connection: Connection, pool: int) -> dict[tuple[str, str], int]:
    """Return how many golden, training and exam tasks a pool has, by kind and class."""
    query = select(tasks.c.kind, tasks.c.stratum, func.count()).where(tasks.c.pool == pool, IS_SPECIAL)
    rows = connection.execute(query.group_by(tasks.c.kind, tasks.c.stratum))
    return {(kind, stratum or ""): n for kind, stratum, n in rows}


def _one(connection: Connection, query: Select[Any]) -> Task | None:
    row = connection.execute(query).first()
    return None if row is None else task_of(row)


def task_of(row: Row[Any]) -> Task:
    """Return a row of the table as a task."""
    return Task(**row._mapping)
