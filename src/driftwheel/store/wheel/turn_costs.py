"""What turns of the wheel cost: the labels of their pools, the people who gave them, and machine time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from driftwheel.store.schema.label_tables import answers, tasks
from driftwheel.store.schema.train_tables import training_runs

__all__ = ["PeopleCost", "machine_seconds", "people_cost"]


@dataclass(frozen=True, slots=True)
class PeopleCost:
    """What people did in some pools.

    Attributes
    ----------
    labels
        Images that somebody answered for.
    annotators
        Who answered, those who could not tell too.
    seconds
        That they looked at images, golden tasks too.
    """

    labels: int = 0
    annotators: int = 0
    seconds: float = 0.0


def people_cost(connection: Connection, pools: Collection[int]) -> PeopleCost:
    """Return what people did in these pools so far."""
    if not pools:
        return PeopleCost()
    wanted = sorted(set(pools))
    of_people = select(
        func.count(answers.c.annotator.distinct()), func.coalesce(func.sum(answers.c.seconds), 0.0)
    ).where(answers.c.pool.in_(wanted), answers.c.state != "undone", answers.c.kind != "skip")
    annotators, seconds = connection.execute(of_people).one()
    of_tasks = select(func.count()).where(
        tasks.c.pool.in_(wanted), tasks.c.kind == "real", tasks.c.answers > 0
    )
    return PeopleCost(connection.scalar(of_tasks) or 0, annotators, float(seconds))


def machine_seconds(connection: Connection, runs: Collection[int]) -> float:
    """Return for how long these trainings have been worked on."""
    query = select(func.sum(training_runs.c.seconds)).where(training_runs.c.key.in_(sorted(set(runs))))
    return float(connection.scalar(query) or 0.0)
