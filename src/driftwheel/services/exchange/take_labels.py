"""Take labels of a file over into a pool."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.services.exchange.import_count import FoundLabel, ImportAs, ImportCount
from driftwheel.services.label.consensus.label_progress import tally
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool
from driftwheel.store.assist.prelabels import Prelabel, put_prelabels
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.given_tasks import add_labelled, label_open
from driftwheel.store.labels.label_sources import put_sources
from driftwheel.store.labels.pools import Pool, add_to_pool, lock_pool
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.tasks import last_position
from driftwheel.store.records.record_images import lock_images

__all__ = ["take_labels"]


def take_labels(  # noqa: PLR0917
    engine: Engine,
    project: Project,
    pool: Pool,
    found: Sequence[FoundLabel],
    what: ImportAs,
    count: ImportCount,
    by: str,
    now: datetime,
) -> None:
    """Take labels over into a pool, as what is wanted, and count them.

    Raises
    ------
    UsageError
        When the pool takes no images.
    """
    if what == "consensus":
        with writing(engine) as connection:
            _finish(connection, project, pool, found, count, by, now)
    elif what == "prelabels":
        there = [one for one in found if one.joined.task is not None]
        for one in found:
            if one.joined.task is None:
                count.refuse("not_in_pool", one.name)
        new = {
            one.joined.task or 0: Prelabel(one.payload, 1.0 if one.score is None else one.score)
            for one in there
        }
        with writing(engine) as connection:
            put_prelabels(connection, pool.key, new, time=now, by=by)
        count.taken += len(there)
    else:
        new_ones = [one for one in found if one.joined.task is None]
        for one in found:
            if one.joined.task is not None:
                count.refuse("there", one.name)
        images = [PoolImage(one.joined.record, what, one.payload, "from a file") for one in new_ones]
        done = fill_pool(engine, project.key, pool.key, images, by=by, now=now)
        names = {one.joined.record: one.name for one in new_ones}
        for record in done.missing:
            count.refuse("no_image", names[record])
        count.taken += done.added
        count.added += done.added


def _finish(  # noqa: PLR0917
    connection: Connection,
    project: Project,
    pool: Pool,
    found: Sequence[FoundLabel],
    count: ImportCount,
    by: str,
    now: datetime,
) -> None:
    """Take labels as finished ones: of tasks that nobody has begun, and of new ones."""
    if pool.most_paid is not None:
        lock_pool(connection, pool.key)
    there = {one.joined.task: one for one in found if one.joined.task is not None}
    payloads = {task: one.payload for task, one in there.items()}
    labelled, corrected = label_open(connection, list(payloads), payloads, now=now)
    for task in sorted(set(there) - {*labelled, *corrected}):
        count.refuse("there", there[task].name)
    new = {one.joined.record: one for one in found if one.joined.task is None}
    images = list(lock_images(connection, project.model, sorted(new)))
    for record in sorted(set(new) - {one.record for one in images}):
        count.refuse("no_image", new[record].name)
    labels = {record: one.payload for record, one in new.items()}
    first = last_position(connection, pool.key) + 1
    added = add_labelled(connection, pool.key, images, labels, first=first, wanted=pool.overlap, now=now)
    put_sources(connection, pool.key, [*labelled, *corrected, *added], "import", now, by)
    if added:
        add_to_pool(connection, pool.key, tasks=len(added), done=len(added))
    if labelled:
        tally(connection, pool, now, done=len(labelled))
    count.taken += len(labelled) + len(corrected) + len(added)
    count.added += len(added)
