"""Open a pool for a turn of the wheel, by its policy, with the golden tasks that its project has."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from driftwheel.services.label.pools.create_pool import NewPool, create_pool_in
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool_in
from driftwheel.services.label.pools.open_pool import open_pool_in
from driftwheel.services.label.projects.class_project import free_name
from driftwheel.services.wheel.turn_moves import At
from driftwheel.store.assist.assist_options import AssistOptions, set_assist_options
from driftwheel.store.labels.pools import Pool, list_pools
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.tasks import list_tasks
from driftwheel.wheel.turn_step import WHEEL

__all__ = ["open_turn_pool_in"]

_MOST_GOLDEN = 30
_TASKS = 20_000


def open_turn_pool_in(
    connection: Connection, at: At, project: Project, name: str, images: Sequence[PoolImage]
) -> tuple[Pool, int]:
    """Open a pool of these images, and return it and how many golden tasks it has.

    Nobody is shown what the champion said: it would speak for it.
    """
    policy = at.policy
    there = list_pools(connection, project.key)
    chosen = {one.record for one in images}
    golden = [one for one in _golden(connection, there) if one.record not in chosen]
    new = NewPool(
        free_name(name, {one.name for one in there}),
        overlap=policy.overlap,
        most_overlap=policy.most_overlap,
        golden_share=policy.golden_share if golden else 0.0,
    )
    pool = create_pool_in(connection, project.key, new, by=WHEEL, now=at.now).key
    fill_pool_in(connection, project.key, pool, [*golden, *images], by=WHEEL, now=at.now)
    set_assist_options(connection, pool, AssistOptions("off"))
    return open_pool_in(connection, project.key, pool, by=WHEEL, now=at.now), len(golden)


def _golden(connection: Connection, there: Sequence[Pool]) -> list[PoolImage]:
    """Return golden tasks of other pools, those of the newest first, to be asked in a new one as well."""
    found: dict[str, PoolImage] = {}
    for pool in reversed(there):
        for task in list_tasks(connection, pool.key, kind="golden", limit=_TASKS):
            if len(found) < _MOST_GOLDEN:
                found.setdefault(task.record, PoolImage(task.record, "golden", task.truth))
    return list(found.values())
