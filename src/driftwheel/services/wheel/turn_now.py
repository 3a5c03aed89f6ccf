"""A turn at this very moment: what people have done in its pools since a worker last looked at it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Engine

from driftwheel.services.wheel.describe_turn import DescribedTurn
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import pool_by_key
from driftwheel.store.wheel.turn_costs import people_cost

__all__ = ["PoolProgress", "TurnNow", "turn_now"]


@dataclass(frozen=True, slots=True)
class PoolProgress:
    """Images of a pool that are labelled, of all its images, and where it is.

    Attributes
    ----------
    key, project
        Of the store.
    """

    key: int
    project: int
    name: str
    done: int
    tasks: int


@dataclass(frozen=True, slots=True)
class TurnNow:
    """A turn with what it has cost by now, and the pool that it waits for; None: it waits for none."""

    found: DescribedTurn
    pool: PoolProgress | None


def turn_now(engine: Engine, found: DescribedTurn) -> TurnNow:
    """Return a turn as it is now; one that has ended is what it was."""
    if not found.turn.is_open:
        return TurnNow(found, None)
    pools = [one.key for step in found.steps for one in step.made if one.kind == "pool"]
    with reading(engine) as connection:
        people = people_cost(connection, pools)
        last = pool_by_key(connection, pools[-1]) if pools else None
    turn = replace(
        found.turn, labels=people.labels, annotators=people.annotators, people_seconds=people.seconds
    )
    waits = turn.waits in {"labels", "review", "images"} and last is not None and last.state == "open"
    progress = (
        PoolProgress(last.key, last.project, last.name, last.done, last.tasks)
        if waits and last is not None
        else None
    )
    return TurnNow(replace(found, turn=turn), progress)
