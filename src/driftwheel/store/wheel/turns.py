"""Turns of the wheel: begun, moved on by a worker step by step, ended once, kept for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from driftwheel.store.schema.wheel_tables import wheel_turns
from driftwheel.wheel.turn_step import Outcome, StepName, TriggerName, Waits

__all__ = [
    "Turn",
    "add_turn",
    "all_open_turns",
    "find_turn",
    "last_turn",
    "list_turns",
    "lock_turn",
    "open_turn",
    "set_turn",
    "turn_by_key",
    "turn_of_alert",
    "turns_ended_since",
    "turns_since",
]


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn; the columns are described in `driftwheel.store.schema.wheel_tables`."""

    key: int
    model: int
    number: int
    trigger: TriggerName
    cause: str
    alert: int | None
    policy: Mapping[str, Any]
    champion: int | None
    challenger: int | None
    begun: datetime
    by: str
    step: StepName
    waits: Waits | None
    waits_for: str
    due: datetime
    ended: datetime | None
    outcome: Outcome | None
    reason: str | None
    labels: int
    annotators: int
    people_seconds: float
    machine_seconds: float

    @property
    def is_open(self) -> bool:
        """Whether it still goes on."""
        return self.ended is None


def add_turn(
    connection: Connection,
    model: int,
    *,
    trigger: TriggerName,
    cause: str,
    alert: int | None,
    policy: Mapping[str, Any],
    champion: int | None,
    begun: datetime,
    by: str,
) -> Turn:
    """Add a turn of a model that is locked, at its first step, and return it.

    A second open one of a model raises SQLAlchemy's ``IntegrityError``.
    """
    c = wheel_turns.c
    last = connection.execute(select(func.max(c.number)).where(c.model == model)).scalar()
    values = {
        "model": model,
        "number": (last or 0) + 1,
        "trigger": trigger,
        "cause": cause,
        "alert": alert,
        "policy": dict(policy),
        "champion": champion,
        "begun": begun,
        "by": by,
        "step": "select",
        "waits_for": "",
        "due": begun,
        "labels": 0,
        "annotators": 0,
        "people_seconds": 0.0,
        "machine_seconds": 0.0,
    }
    row = connection.execute(insert(wheel_turns).values(values).returning(*c)).one()
    return Turn(**row._mapping)


def set_turn(connection: Connection, key: int, **values: Any) -> None:
    """Change columns of a turn."""
    connection.execute(update(wheel_turns).where(wheel_turns.c.key == key).values(values))


def turn_by_key(connection: Connection, key: int) -> Turn | None:
    """Return the turn of that key, None where there is none."""
    return _first(connection, select(wheel_turns).where(wheel_turns.c.key == key))


def lock_turn(connection: Connection, key: int) -> Turn | None:
    """Lock a turn until the transaction ends, and return it as it is then; None where there is none.

    Before all else that is locked: what a turn made is locked after it.
    """
    return _first(connection, select(wheel_turns).where(wheel_turns.c.key == key).with_for_update())


def find_turn(connection: Connection, model: int, number: int) -> Turn | None:
    """Return the turn of a model with that number, None where there is none."""
    c = wheel_turns.c
    return _first(connection, select(wheel_turns).where(c.model == model, c.number == number))


def open_turn(connection: Connection, model: int) -> Turn | None:
    """Return the turn of a model that goes on, None where none does."""
    c = wheel_turns.c
    return _first(connection, select(wheel_turns).where(c.model == model, c.ended.is_(None)))


def last_turn(connection: Connection, model: int) -> Turn | None:
    """Return the newest turn of a model, whether it goes on or not; None where there is none."""
    return next(iter(list_turns(connection, model, limit=1)), None)


def list_turns(
    connection: Connection, model: int, *, before: int | None = None, limit: int = 50
) -> list[Turn]:
    """Return up to `limit` turns of a model, the newest first, after the one with the number `before`."""
    c = wheel_turns.c
    query = select(wheel_turns).where(c.model == model)
    if before is not None:
        query = query.where(c.number < before)
    return _all(connection, query.order_by(c.number.desc()).limit(limit))


def turns_since(connection: Connection, model: int, since: datetime) -> list[Turn]:
    """Return the turns of a model that began at a moment or later, the oldest first."""
    c = wheel_turns.c
    query = select(wheel_turns).where(c.model == model, c.begun >= since)
    return _all(connection, query.order_by(c.number))


def turns_ended_since(connection: Connection, since: datetime) -> list[Turn]:
    """Return the turns of all models that ended at a moment or later, the oldest first."""
    c = wheel_turns.c
    return _all(connection, select(wheel_turns).where(c.ended >= since).order_by(c.key))


def turn_of_alert(connection: Connection, alert: int) -> Turn | None:
    """Return the newest turn that an alert began, None where it began none."""
    c = wheel_turns.c
    query = select(wheel_turns).where(c.alert == alert).order_by(c.key.desc()).limit(1)
    return _first(connection, query)


def all_open_turns(connection: Connection) -> list[Turn]:
    """Return the turns of all models that go on, the oldest first."""
    c = wheel_turns.c
    return _all(connection, select(wheel_turns).where(c.ended.is_(None)).order_by(c.key))


def _all(connection: Connection, query: Select[Any]) -> list[Turn]:
    return [Turn(**row._mapping) for row in connection.execute(query)]


def _first(connection: Connection, query: Select[Any]) -> Turn | None:
    row = connection.execute(query).first()
    return None if row is None else Turn(**row._mapping)
