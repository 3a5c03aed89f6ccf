"""Runs of automatic labelling, and the tasks of each that people check or that were accepted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, select, update

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.assist_tables import automatic_runs, automatic_tasks
from driftwheel.store.schema.label_tables import pools, tasks

__all__ = [
    "ACTIVE",
    "AutomaticRole",
    "AutomaticRun",
    "AutomaticState",
    "AutomaticTask",
    "CheckedTask",
    "accepted_tasks",
    "active_run",
    "active_runs",
    "add_automatic_tasks",
    "add_run",
    "assistants_in_use",
    "checked_tasks",
    "count_roles",
    "hidden_tasks",
    "is_ready",
    "list_runs",
    "run_by_key",
    "set_correct",
    "set_run",
    "standing_run",
]

AutomaticState = Literal[
    "sampling",
    "accepting",
    "auditing",
    "finished",
    "nothing",
    "stopping",
    "stopped",
    "undoing",
    "undone",
    "cancelled",
]
AutomaticRole = Literal["sample", "audit", "accepted"]

ACTIVE: tuple[AutomaticState, ...] = ("sampling", "accepting", "auditing", "stopping", "undoing")
"""A worker has something to do, or waits for people; a pool has one run that is so, at most."""

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class AutomaticRun:
    """A run; the columns are described in `driftwheel.store.schema.assist_tables`."""

    key: int
    pool: int
    assistant: int
    state: AutomaticState
    bound: float
    risk: float
    last_task: int
    waiting: int
    threshold: float | None
    numbers: Mapping[str, Any]
    audit: Mapping[str, Any] | None
    reason: str
    begun: datetime
    by: str
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class AutomaticTask:
    """A task of a run, and what the assistant says of it."""

    task: int
    role: AutomaticRole
    payload: Mapping[str, Any]
    confidence: float


@dataclass(frozen=True, slots=True)
class CheckedTask:
    """A task of a run that people answer, and what became of it.

    Attributes
    ----------
    state, answers, consensus, finished, reviewed
        Of the task as it is now.
    correct
        As it was noted of it; None until then.
    """

    task: int
    payload: Mapping[str, Any]
    confidence: float
    state: str
    answers: int
    consensus: Mapping[str, Any] | None
    finished: datetime | None
    reviewed: int | None
    correct: bool | None


def add_run(connection: Connection, **values: Any) -> AutomaticRun:
    """Add a run, its columns by name but the key, and return it."""
    return _run(connection.execute(insert(automatic_runs).values(values).returning(*automatic_runs.c)).one())


def set_run(connection: Connection, key: int, **values: Any) -> None:
    """Change columns of a run."""
    connection.execute(update(automatic_runs).where(automatic_runs.c.key == key).values(values))


def run_by_key(connection: Connection, key: int, *, locked: bool = False) -> AutomaticRun | None:
    """Return the run of that key, `locked` until the transaction ends; None where there is none."""
    query = select(automatic_runs).where(automatic_runs.c.key == key)
    row = connection.execute(query.with_for_update() if locked else query).first()
    return None if row is None else _run(row)


def active_run(connection: Connection, pool: int) -> AutomaticRun | None:
    """Return the run of a pool that is going on, None where there is none."""
    query = select(automatic_runs).where(automatic_runs.c.pool == pool, automatic_runs.c.state.in_(ACTIVE))
    row = connection.execute(query.order_by(automatic_runs.c.key.desc()).limit(1)).first()
    return None if row is None else _run(row)


def standing_run(connection: Connection, pool: int) -> AutomaticRun | None:
    """Return the run of a pool that goes on, or the newest that was finished; None where there is none."""
    states = [*ACTIVE, "finished"]
    query = select(automatic_runs).where(automatic_runs.c.pool == pool, automatic_runs.c.state.in_(states))
    row = connection.execute(query.order_by(automatic_runs.c.key.desc()).limit(1)).first()
    return None if row is None else _run(row)


def active_runs(connection: Connection) -> list[AutomaticRun]:
    """Return all runs that are going on, the oldest first."""
    query = select(automatic_runs).where(automatic_runs.c.state.in_(ACTIVE))
    return [_run(row) for row in connection.execute(query.order_by(automatic_runs.c.key))]


def is_ready(connection: Connection, run: AutomaticRun) -> bool:
    """Return whether there is something to do for a run before people answer more."""
    if run.state not in {"sampling", "auditing"}:
        return run.state in ACTIVE
    checked = checked_tasks(connection, run.key, "sample" if run.state == "sampling" else "audit")
    if run.state == "auditing" and any(one.state != "open" and one.correct is None for one in checked):
        return True
    return all(one.state != "open" for one in checked)


def list_runs(connection: Connection, pool: int, *, limit: int = 100) -> list[AutomaticRun]:
    """Return the runs of a pool, the newest first."""
    query = select(automatic_runs).where(automatic_runs.c.pool == pool)
    rows = connection.execute(query.order_by(automatic_runs.c.key.desc()).limit(limit))
    return [_run(row) for row in rows]


def assistants_in_use(connection: Connection, project: int) -> set[int]:
    """Return the assistants that a run of a project that is going on holds on to."""
    query = (
        select(automatic_runs.c.assistant)
        .join(pools, pools.c.key == automatic_runs.c.pool)
        .where(pools.c.project == project, automatic_runs.c.state.in_(ACTIVE))
    )
    return set(connection.execute(query).scalars())


def add_automatic_tasks(connection: Connection, run: int, new: Sequence[AutomaticTask]) -> None:
    """Add tasks to a run; one that is in it stays as it is."""
    rows = [
        {
            "run": run,
            "task": one.task,
            "role": one.role,
            "payload": dict(one.payload),
            "confidence": one.confidence,
            "correct": None,
        }
        for one in new
    ]
    for begin in range(0, len(rows), _CHUNK):
        statement = upsert(connection.dialect.name, automatic_tasks).on_conflict_do_nothing()
        connection.execute(statement, rows[begin : begin + _CHUNK])


def checked_tasks(connection: Connection, run: int, role: Literal["sample", "audit"]) -> list[CheckedTask]:
    """Return the tasks of a run that people answer, by when they were finished, then by key."""
    query = (
        select(
            automatic_tasks.c.task,
            automatic_tasks.c.payload,
            automatic_tasks.c.confidence,
            tasks.c.state,
            tasks.c.answers,
            tasks.c.consensus,
            tasks.c.finished,
            tasks.c.reviewed,
            automatic_tasks.c.correct,
        )
        .join(tasks, tasks.c.key == automatic_tasks.c.task)
        .where(automatic_tasks.c.run == run, automatic_tasks.c.role == role)
        .order_by(tasks.c.finished, tasks.c.key)
    )
    return [CheckedTask(**row._mapping) for row in connection.execute(query)]


def set_correct(connection: Connection, run: int, found: Mapping[int, bool]) -> None:
    """Note of tasks of a run whether the assistant was right."""
    for correct in (True, False):
        keys = sorted(task for task, one in found.items() if one is correct)
        for begin in range(0, len(keys), _CHUNK):
            chosen = automatic_tasks.c.run == run, automatic_tasks.c.task.in_(keys[begin : begin + _CHUNK])
            connection.execute(update(automatic_tasks).where(*chosen).values(correct=correct))


def accepted_tasks(connection: Connection, run: int, *, after_key: int, limit: int) -> list[AutomaticTask]:
    """Return up to `limit` tasks that a run accepted, by key, after one."""
    query = select(
        automatic_tasks.c.task,
        automatic_tasks.c.role,
        automatic_tasks.c.payload,
        automatic_tasks.c.confidence,
    ).where(
        automatic_tasks.c.run == run,
        automatic_tasks.c.role == "accepted",
        automatic_tasks.c.task > after_key,
    )
    rows = connection.execute(query.order_by(automatic_tasks.c.task).limit(limit))
    return [AutomaticTask(**row._mapping) for row in rows]


def count_roles(connection: Connection, run: int) -> dict[str, int]:
    """Return how many tasks of a run have each role."""
    query = select(automatic_tasks.c.role, func.count()).where(automatic_tasks.c.run == run)
    return {row.role: row[1] for row in connection.execute(query.group_by(automatic_tasks.c.role))}


def hidden_tasks(connection: Connection, run: int, keys: Collection[int]) -> set[int]:
    """Return which of these few tasks people answer to check a run."""
    query = select(automatic_tasks.c.task).where(
        automatic_tasks.c.run == run,
        automatic_tasks.c.task.in_(sorted(keys)),
        automatic_tasks.c.role.in_(("sample", "audit")),
    )
    return set(connection.execute(query).scalars())


def _run(row: Row[Any]) -> AutomaticRun:
    return AutomaticRun(**row._mapping)
