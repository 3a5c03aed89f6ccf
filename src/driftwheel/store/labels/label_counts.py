"""Counts over projects, pools and annotators: from rows that count already, or from an index."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from driftwheel.store.schema.label_tables import annotators, answers, assignments, pools

__all__ = [
    "ProjectCounts",
    "WorkCounts",
    "answers_by_hour",
    "count_projects",
    "count_work",
]

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ProjectCounts:
    """How far a project has come.

    Attributes
    ----------
    pools, open
        Its pools, and those of them that are open.
    tasks, done
        Real tasks, and those of them that want no more answers.
    annotators
        Who has labelled in it, or joined it.
    last
        When its newest answer came; None before the first.
    """

    pools: int = 0
    open: int = 0
    tasks: int = 0
    done: int = 0
    annotators: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """What an annotator has done in some pools: answers, skips, golden tasks, and those of them right."""

    answered: int = 0
    skipped: int = 0
    golden: int = 0
    golden_correct: int = 0


def count_projects(connection: Connection) -> dict[int, ProjectCounts]:
    """Return how far each project that has a pool or an annotator has come, by key."""
    of_people = select(annotators.c.project, func.count()).group_by(annotators.c.project)
    people = {row[0]: int(row[1]) for row in connection.execute(of_people)}
    of_pools = select(
        pools.c.project,
        func.count(),
        func.count().filter(pools.c.state == "open"),
        func.sum(pools.c.tasks),
        func.sum(pools.c.done),
    ).group_by(pools.c.project)
    totals = {row[0]: tuple(row) for row in connection.execute(of_pools)}
    last: dict[int, datetime] = {}
    for project, pool in connection.execute(select(pools.c.project, pools.c.key)).all():
        newest = select(answers.c.received).where(answers.c.pool == pool)
        when = connection.scalar(newest.order_by(answers.c.key.desc()).limit(1))
        if when is not None:
            last[project] = max(when, last.get(project, when))
    found = {}
    for key in people.keys() | totals.keys():
        _, n, is_open, n_tasks, done = totals.get(key, (key, 0, 0, 0, 0))
        found[key] = ProjectCounts(n, is_open, int(n_tasks), int(done), people.get(key, 0), last.get(key))
    return found


def count_work(
    connection: Connection, people: Collection[int], *, pool: int | None = None
) -> dict[int, WorkCounts]:
    """Return what each of these annotators has done: in one pool, or in all; nothing: left out."""
    if not people:
        return {}
    columns = (
        assignments.c.answered,
        assignments.c.skipped,
        assignments.c.golden,
        assignments.c.golden_correct,
    )
    query = select(assignments.c.annotator, *(func.sum(one) for one in columns))
    query = query.where(assignments.c.annotator.in_(sorted(people)))
    if pool is not None:
        query = query.where(assignments.c.pool == pool)
    rows = connection.execute(query.group_by(assignments.c.annotator))
    return {who: WorkCounts(*(int(one) for one in sums)) for who, *sums in rows}


def answers_by_hour(
    connection: Connection, chosen: Collection[int], hours: Sequence[datetime]
) -> dict[datetime, int]:
    """Return how many answers and skips came to these pools in each of these hours, by its start."""
    found = dict.fromkeys(hours, 0)
    for start in hours if chosen else ():
        query = select(func.count()).where(
            answers.c.pool.in_(sorted(chosen)),
            answers.c.received >= start,
            answers.c.received < start + _HOUR,
        )
        found[start] = connection.scalar(query) or 0
    return found
