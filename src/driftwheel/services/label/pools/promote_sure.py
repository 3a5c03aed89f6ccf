"""Make golden tasks of a pool of what other pools of the project have labelled well."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.report.numbers import share
from driftwheel.services.label.consensus.answer_payload import stratum_of
from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.services.label.pools.fill_pool import Filled, PoolImage, fill_pool
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import list_pools
from driftwheel.store.labels.sure_tasks import sure_tasks
from driftwheel.store.labels.tasks import Task, TaskKind, records_in_pool

__all__ = ["SURE", "check_promoted", "count_sure", "promote_sure"]

SURE = 0.99
"""A consensus at least so sure, of at least two answers, may become a golden task without a person's look."""

_MOST = 1000


def promote_sure(
    engine: Engine,
    project: int,
    pool: int,
    count: int,
    kind: TaskKind = "golden",
    *,
    reviewed_only: bool,
    by: str,
    now: datetime,
) -> Filled:
    """Add up to `count` images of other pools, whose label is known well, and return what became of them.

    As many of each class as there are, those that a person decided of first, then the newest.

    Parameters
    ----------
    reviewed_only
        Only what a person decided of; else also what is `SURE`.

    Raises
    ------
    LookupError
        When there is no such pool.
    UsageError
        When there is none to be promoted, the count cannot be used, or the pool cannot take images.
    """
    check_promoted(count)
    with reading(engine) as connection:
        pool_of_project(connection, project, pool)
        found = _candidates(connection, project, pool, reviewed_only=reviewed_only)
    if not found:
        asked = "A person has decided of" if reviewed_only else "There is"
        raise UsageError(
            f"{asked} no label of another pool that this one has not; review some, or pick images by hand."
        )
    images = [PoolImage(one.record, kind, one.consensus, _why(one)) for one in _balanced(found)[:count]]
    return fill_pool(engine, project, pool, images, by=by, now=now)


def check_promoted(count: int) -> None:
    """Refuse a number of golden tasks that is none, or too many at once.

    Raises
    ------
    UsageError
        For one below 1 or above 1,000.
    """
    if not 1 <= count <= _MOST:
        raise UsageError(f"{count:,} golden tasks at once; give 1 to {_MOST:,}.")


def count_sure(connection: Connection, project: int, pool: int) -> tuple[int, int]:
    """Return how many labels could be promoted to a pool: decided by a person, and those and sure ones.

    Of the newest 2,000.
    """
    found = _candidates(connection, project, pool, reviewed_only=False)
    return sum(one.reviewed is not None for one in found), len(found)


def _candidates(connection: Connection, project: int, pool: int, *, reviewed_only: bool) -> list[Task]:
    others = [one.key for one in list_pools(connection, project) if one.key != pool]
    found = sure_tasks(connection, others, confidence=None if reviewed_only else SURE)
    there = records_in_pool(connection, pool, [one.record for one in found])
    return [one for one in found if one.record not in there]


def _balanced(found: Sequence[Task]) -> list[Task]:
    """Return tasks, one of each class in turn."""
    by_class: dict[str, deque[Task]] = defaultdict(deque)
    for one in sorted(found, key=lambda each: each.reviewed is None):
        by_class[stratum_of(one.consensus or {})].append(one)
    ordered: list[Task] = []
    while by_class:
        for name in sorted(by_class):
            ordered.append(by_class[name].popleft())
            if not by_class[name]:
                del by_class[name]
    return ordered


def _why(task: Task) -> str:
    if task.reviewed is not None:
        return "decided by a person in another pool"
    return f"{share(task.confidence)} sure by {task.answers} answers in another pool"
