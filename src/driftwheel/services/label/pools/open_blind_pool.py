"""Open a pool to measure on: no pre-labels of a model, and golden tasks of before are asked again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from driftwheel.services.label.pools.create_pool import NewPool, create_pool_in
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool_in
from driftwheel.services.label.pools.open_pool import open_pool_in
from driftwheel.services.label.projects.class_project import free_name
from driftwheel.store.assist.assist_options import AssistOptions, set_assist_options
from driftwheel.store.labels.pools import Pool, list_pools
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.tasks import list_tasks

__all__ = ["open_blind_pool_in"]

_MOST_GOLDEN = 30


def open_blind_pool_in(
    connection: Connection,
    project: Project,
    name: str,
    images: Sequence[PoolImage],
    *,
    overlap: int,
    most_overlap: int | None,
    golden_share: float,
    by: str,
    now: datetime,
) -> tuple[Pool, int]:
    """Open a pool of these images, and return it and how many golden tasks it has.

    Golden tasks are those of the project's other pools, the newest first, at most 30: so whoever answers at
    random is found out here, too. A pre-label that the champion gave would speak for it; so there is none.

    Parameters
    ----------
    name
        Of the pool; with a number where the project has one of that name.
    golden_share
        Share of golden tasks among those that are handed out, where there are any.
    """
    there = list_pools(connection, project.key)
    chosen = {one.record for one in images}
    golden = [one for one in _golden(connection, there) if one.record not in chosen]
    new = NewPool(
        free_name(name, {one.name for one in there}),
        overlap=overlap,
        most_overlap=most_overlap,
        golden_share=golden_share if golden else 0.0,
    )
    pool = create_pool_in(connection, project.key, new, by=by, now=now).key
    fill_pool_in(connection, project.key, pool, [*golden, *images], by=by, now=now)
    set_assist_options(connection, pool, AssistOptions("off"))
    return open_pool_in(connection, project.key, pool, by=by, now=now), len(golden)


def _golden(connection: Connection, there: Sequence[Pool]) -> list[PoolImage]:
    found: dict[str, PoolImage] = {}
    for pool in reversed(there):
        for task in list_tasks(connection, pool.key, kind="golden", limit=_MOST_GOLDEN):
            if len(found) < _MOST_GOLDEN:
                found.setdefault(task.record, PoolImage(task.record, "golden", task.truth))
    return list(found.values())
