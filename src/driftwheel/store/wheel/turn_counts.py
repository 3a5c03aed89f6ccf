"""Counts of turns that metrics are made of, each by one query."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from driftwheel.store.schema.wheel_tables import wheel_turns

__all__ = ["TurnCosts", "count_turns", "turn_costs"]


@dataclass(frozen=True, slots=True)
class TurnCosts:
    """What all turns of a model have cost: images that people labelled, and seconds."""

    labels: int
    people_seconds: float
    machine_seconds: float


def count_turns(connection: Connection) -> dict[tuple[int, str], int]:
    """Return how many turns have ended, by the key of their model and how they ended."""
    c = wheel_turns.c
    query = select(c.model, c.outcome, func.count()).where(c.outcome.is_not(None))
    rows = connection.execute(query.group_by(c.model, c.outcome))
    return {(model, outcome): number for model, outcome, number in rows}


def turn_costs(connection: Connection) -> dict[int, TurnCosts]:
    """Return what the turns of each model have cost, those that go on so far; by the key of the model."""
    c = wheel_turns.c
    sums = (func.sum(one) for one in (c.labels, c.people_seconds, c.machine_seconds))
    rows = connection.execute(select(c.model, *sums).group_by(c.model))
    return {model: TurnCosts(int(n), float(people), float(machine)) for model, n, people, machine in rows}
