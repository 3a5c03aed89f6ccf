"""Gate runs: asked for, made, and answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select, update

from driftwheel.performance.gate import Decision
from driftwheel.store.schema.release_tables import gate_runs

__all__ = [
    "GateRun",
    "GateState",
    "add_gate_run",
    "count_looks",
    "gate_run_by_key",
    "last_look",
    "list_gate_runs",
    "passed_gate",
    "runs_to_answer",
    "runs_with_pool",
    "set_gate_run",
    "waiting_gate_runs",
]

GateState = Literal["waiting", "done", "failed"]


@dataclass(frozen=True, slots=True)
class GateRun:
    """A gate run; the columns are described in `driftwheel.store.schema.release_tables`."""

    key: int
    model: int
    challenger: int
    champion: int
    state: GateState
    reason: str | None
    slice: Mapping[str, Any]
    rule: Mapping[str, Any]
    policy: Literal["ask", "promote"]
    created: datetime
    by: str
    finished: datetime | None
    look: int | None
    decision: Decision | None
    numbers: Mapping[str, Any] | None
    pool: int | None
    answer: Literal["promoted", "refused"] | None
    answered: datetime | None
    answered_by: str | None
    note: str | None
    looks_at_others: int

    @property
    def own_look(self) -> int:
        """Which look at this challenger it was, from 1 on; 0 while it is not done."""
        return 0 if self.look is None else self.look - self.looks_at_others


def add_gate_run(connection: Connection, **values: Any) -> GateRun:
    """Add a run that waits to be made, its columns by name, and return it."""
    given = {"state": "waiting"} | values
    row = connection.execute(insert(gate_runs).values(given).returning(*gate_runs.c)).one()
    return GateRun(**row._mapping)


def set_gate_run(connection: Connection, key: int, **values: Any) -> None:
    """Change columns of a run."""
    connection.execute(update(gate_runs).where(gate_runs.c.key == key).values(values))


def gate_run_by_key(connection: Connection, key: int) -> GateRun | None:
    """Return the run of that key, None where there is none."""
    row = connection.execute(select(gate_runs).where(gate_runs.c.key == key)).first()
    return None if row is None else GateRun(**row._mapping)


def list_gate_runs(
    connection: Connection, model: int, *, before_key: int | None = None, limit: int = 100
) -> list[GateRun]:
    """Return up to `limit` runs of a model, the newest first, after the one with the key `before_key`."""
    query = select(gate_runs).where(gate_runs.c.model == model)
    if before_key is not None:
        query = query.where(gate_runs.c.key < before_key)
    rows = connection.execute(query.order_by(gate_runs.c.key.desc()).limit(limit))
    return [GateRun(**row._mapping) for row in rows]


def waiting_gate_runs(connection: Connection) -> list[GateRun]:
    """Return the runs of all models that are still to be made, the oldest first."""
    query = select(gate_runs).where(gate_runs.c.state == "waiting").order_by(gate_runs.c.key)
    return [GateRun(**row._mapping) for row in connection.execute(query)]


def passed_gate(connection: Connection, challenger: int, champion: int) -> GateRun | None:
    """Return the newest run of that pair if the gate let the challenger in; None where it did not."""
    run = last_look(connection, challenger, champion)
    if run is None or run.decision != "promote" or run.answer == "refused":
        return None
    return run


def last_look(connection: Connection, challenger: int, champion: int) -> GateRun | None:
    """Return the newest run of that pair that was made; None where none was."""
    c = gate_runs.c
    query = select(gate_runs).where(c.challenger == challenger, c.champion == champion, c.state == "done")
    row = connection.execute(query.order_by(c.key.desc()).limit(1)).first()
    return None if row is None else GateRun(**row._mapping)


def count_looks(connection: Connection, challenger: int, champion: int) -> int:
    """Return how many times a challenger has been looked at beside that champion."""
    c = gate_runs.c
    query = select(func.count()).where(c.challenger == challenger, c.champion == champion, c.state == "done")
    return connection.execute(query).scalar_one()


def runs_to_answer(connection: Connection) -> list[GateRun]:
    """Return the newest run of every challenger that was let in and waits for a person to say so."""
    c = gate_runs.c
    newest = select(func.max(c.key)).where(c.state == "done").group_by(c.challenger)
    query = select(gate_runs).where(
        c.key.in_(newest), c.decision == "promote", c.policy == "ask", c.answer.is_(None)
    )
    return [GateRun(**row._mapping) for row in connection.execute(query.order_by(c.key))]


def runs_with_pool(connection: Connection) -> list[GateRun]:
    """Return the newest run of every challenger whose run asked for labels and opened a pool for them."""
    c = gate_runs.c
    newest = select(func.max(c.key)).where(c.state != "failed").group_by(c.challenger)
    query = select(gate_runs).where(
        c.key.in_(newest), c.pool.is_not(None), c.decision == "label_more", c.answer.is_(None)
    )
    return [GateRun(**row._mapping) for row in connection.execute(query.order_by(c.key))]
