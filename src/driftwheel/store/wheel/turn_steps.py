"""The steps that turns of the wheel went through, in order: what each made, found and cost."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from driftwheel.store.schema.wheel_tables import wheel_steps
from driftwheel.wheel.turn_step import StepName, StepState

__all__ = ["TurnStep", "add_step", "made_last", "set_step", "steps_of", "steps_of_turns"]

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class TurnStep:
    """A step of a turn; the columns are described in `driftwheel.store.schema.wheel_tables`."""

    turn: int
    number: int
    name: StepName
    state: StepState
    begun: datetime
    ended: datetime | None
    made: Mapping[str, Any]
    found: Mapping[str, Any]
    told: str
    labels: int
    annotators: int
    people_seconds: float
    machine_seconds: float


def add_step(connection: Connection, turn: int, number: int, name: StepName, begun: datetime) -> TurnStep:
    """Add a step that runs, and return it."""
    values: dict[str, Any] = {
        "turn": turn,
        "number": number,
        "name": name,
        "state": "running",
        "begun": begun,
        "made": {},
        "found": {},
        "told": "",
        "labels": 0,
        "annotators": 0,
        "people_seconds": 0.0,
        "machine_seconds": 0.0,
    }
    row = connection.execute(insert(wheel_steps).values(values).returning(*wheel_steps.c)).one()
    return TurnStep(**row._mapping)


def set_step(connection: Connection, turn: int, number: int, **values: Any) -> None:
    """Change columns of a step."""
    c = wheel_steps.c
    connection.execute(update(wheel_steps).where(c.turn == turn, c.number == number).values(values))


def steps_of(connection: Connection, turn: int) -> list[TurnStep]:
    """Return the steps of a turn, in order."""
    return steps_of_turns(connection, [turn]).get(turn, [])


def steps_of_turns(connection: Connection, turns: Collection[int]) -> dict[int, list[TurnStep]]:
    """Return the steps of turns by their keys, each in order; a turn without one is left out."""
    found: dict[int, list[TurnStep]] = {}
    wanted = sorted(set(turns))
    c = wheel_steps.c
    for begin in range(0, len(wanted), _CHUNK):
        query = select(wheel_steps).where(c.turn.in_(wanted[begin : begin + _CHUNK]))
        for row in connection.execute(query.order_by(c.turn, c.number)):
            found.setdefault(row.turn, []).append(TurnStep(**row._mapping))
    return found


def made_last(steps: Sequence[TurnStep], what: str) -> int | None:
    """Return the key of the thing of that name that the steps of a turn made last, None: there is none."""
    for step in reversed(steps):
        keys = step.made.get(what)
        if keys:
            return int(keys[-1])
    return None
