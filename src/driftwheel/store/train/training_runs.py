"""Training runs: asked for by people or by an alert, worked on by a worker, kept for ever."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, insert, select, update

from driftwheel.store.schema.train_tables import training_runs

__all__ = [
    "OPEN",
    "RunKind",
    "RunState",
    "TrainingRun",
    "begin_run",
    "create_run",
    "end_run",
    "find_run",
    "keep_checkpoint",
    "list_runs",
    "open_runs",
    "put_run_back",
    "run_by_key",
    "runs_of_version",
    "trials_of",
]

RunKind = Literal["train", "search", "trial", "repair", "rehearsal", "adapt"]
RunState = Literal["waiting", "running", "done", "failed", "stopped"]

OPEN: tuple[RunState, ...] = ("waiting", "running")
"""States of runs that a worker still has to work on."""


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """A training run; the columns are described in `driftwheel.store.schema.train_tables`."""

    key: int
    model: int
    kind: RunKind
    parent: int | None
    dataset: int | None
    start: int | None
    recipe: Mapping[str, Any]
    wish: Mapping[str, Any]
    state: RunState
    reason: str | None
    created: datetime
    by: str
    begun: datetime | None
    finished: datetime | None
    seconds: float
    attempts: int
    checkpoint: bytes | None
    artifact: bytes | None
    version: int | None
    results: Mapping[str, Any] | None

    @property
    def is_open(self) -> bool:
        """Whether a worker still has to work on it."""
        return self.state in OPEN


def create_run(
    connection: Connection,
    model: int,
    *,
    kind: RunKind,
    dataset: int | None,
    start: int | None = None,
    recipe: Mapping[str, Any],
    wish: Mapping[str, Any] | None = None,
    parent: int | None = None,
    state: RunState = "waiting",
    created: datetime,
    by: str,
) -> TrainingRun:
    """Add a run and return it."""
    values = {
        "model": model,
        "kind": kind,
        "parent": parent,
        "dataset": dataset,
        "start": start,
        "recipe": dict(recipe),
        "wish": dict(wish or {}),
        "state": state,
        "created": created,
        "by": by,
        "begun": created if state == "running" else None,
        "seconds": 0.0,
        "attempts": 0,
    }
    row = connection.execute(insert(training_runs).values(values).returning(*training_runs.c)).one()
    return TrainingRun(**row._mapping)


def run_by_key(connection: Connection, key: int) -> TrainingRun | None:
    """Return the run of that key, None where there is none."""
    return _first(connection, select(training_runs).where(training_runs.c.key == key))


def find_run(connection: Connection, model: int, key: int) -> TrainingRun | None:
    """Return the run of that key if it is of the model, else None."""
    chosen = training_runs.c.key == key, training_runs.c.model == model
    return _first(connection, select(training_runs).where(*chosen))


def list_runs(
    connection: Connection,
    model: int,
    *,
    kinds: Collection[RunKind] = ("train", "search", "repair", "adapt"),
    before: int | None = None,
    limit: int = 100,
) -> list[TrainingRun]:
    """Return up to `limit` runs of a model, the newest first, after the one with the key `before`."""
    c = training_runs.c
    query = select(training_runs).where(c.model == model, c.kind.in_(tuple(kinds)))
    if before is not None:
        query = query.where(c.key < before)
    return _all(connection, query.order_by(c.key.desc()).limit(limit))


def trials_of(connection: Connection, search: int) -> list[TrainingRun]:
    """Return the trials of a search, the oldest first."""
    c = training_runs.c
    return _all(connection, select(training_runs).where(c.parent == search).order_by(c.key))


def open_runs(connection: Connection) -> list[TrainingRun]:
    """Return the runs that a worker has to work on, of all models, those of people first, then by age."""
    c = training_runs.c
    query = select(training_runs).where(c.state.in_(OPEN), c.kind != "trial").order_by(c.key)
    found = _all(connection, query)
    return sorted(found, key=lambda one: (one.kind == "rehearsal", one.key))


def runs_of_version(connection: Connection, versions: Sequence[int]) -> list[TrainingRun]:
    """Return the runs that became one of these versions."""
    return _all(connection, select(training_runs).where(training_runs.c.version.in_(versions)))


def begin_run(connection: Connection, key: int, now: datetime) -> bool:
    """Note that a worker takes a run, once more, and return whether it is to be worked on."""
    c = training_runs.c
    values = {"state": "running", "attempts": c.attempts + 1}
    chosen = c.key == key, c.state.in_(OPEN)
    if not connection.execute(update(training_runs).where(*chosen).values(values)).rowcount:
        return False
    connection.execute(update(training_runs).where(c.key == key, c.begun.is_(None)).values(begun=now))
    return True


def put_run_back(connection: Connection, key: int) -> None:
    """Take back that a run was begun: it ended for a reason that has nothing to do with it."""
    c = training_runs.c
    values = {"attempts": c.attempts - 1}
    connection.execute(update(training_runs).where(c.key == key, c.attempts > 0).values(values))


def keep_checkpoint(
    connection: Connection, key: int, seconds: float, checkpoint: bytes | None = None
) -> bool:
    """Note for how long a run was worked on, and its checkpoint; return whether it is still to go on."""
    values: dict[str, Any] = {"seconds": seconds}
    if checkpoint is not None:
        values |= {"checkpoint": checkpoint, "attempts": 1}  # it gets on
    c = training_runs.c
    chosen = c.key == key, c.state == "running"
    return connection.execute(update(training_runs).where(*chosen).values(values)).rowcount > 0


def end_run(
    connection: Connection,
    key: int,
    state: RunState,
    *,
    now: datetime,
    reason: str | None = None,
    artifact: bytes | None = None,
    version: int | None = None,
    results: Mapping[str, Any] | None = None,
    recipe: Mapping[str, Any] | None = None,
    seconds: float | None = None,
) -> bool:
    """End a run that is open, and its trials, and return whether it was; its checkpoint is let go of."""
    values: dict[str, Any] = {"state": state, "reason": reason, "finished": now, "checkpoint": None}
    given = {"artifact": artifact, "version": version, "recipe": recipe, "seconds": seconds}
    values |= {name: value for name, value in given.items() if value is not None}
    if results is not None:
        values["results"] = dict(results)
    c = training_runs.c
    chosen = c.key == key, c.state.in_(OPEN)
    ended = connection.execute(update(training_runs).where(*chosen).values(values)).rowcount > 0
    if ended:
        trials = c.parent == key, c.state.in_(OPEN)
        connection.execute(update(training_runs).where(*trials).values(state="stopped", finished=now))
    return ended


def _all(connection: Connection, query: Select[Any]) -> list[TrainingRun]:
    return [TrainingRun(**row._mapping) for row in connection.execute(query)]


def _first(connection: Connection, query: Select[Any]) -> TrainingRun | None:
    row: Row[Any] | None = connection.execute(query).first()
    return None if row is None else TrainingRun(**row._mapping)
