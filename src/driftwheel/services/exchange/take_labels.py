"""Take labels of a file over into a pool, or say what that would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.services.exchange.brought_images import BroughtImages
from driftwheel.services.exchange.import_count import FoundLabel, ImportAs, ImportCount
from driftwheel.services.label.consensus.label_progress import tally
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool
from driftwheel.store.assist.prelabels import Prelabel, given_prelabels, put_prelabels
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.given_tasks import add_labelled, label_open, would_label
from driftwheel.store.labels.label_imports import ImportedLabel, effects_on, forget_effects, note_effects
from driftwheel.store.labels.label_sources import put_sources
from driftwheel.store.labels.pools import Pool, add_to_pool, lock_pool
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.tasks import last_position
from driftwheel.store.records.record_images import lock_images

__all__ = ["Taking", "take_labels", "would_take"]


@dataclass(frozen=True, slots=True)
class Taking:
    """Which file is read into which pool, as what, by whom and when.

    Attributes
    ----------
    key
        Of the file, whose effects are noted; 0: it is no file, and nothing of it can be undone.
    brought
        Images that came along; None: none may.
    """

    project: Project
    pool: Pool
    what: ImportAs
    by: str
    now: datetime
    key: int
    brought: BroughtImages | None = None


def take_labels(engine: Engine, taking: Taking, found: Sequence[FoundLabel], count: ImportCount) -> None:
    """Take labels over into a pool, as what is wanted, and count them.

    A task whose label the same file gave before counts again: reading that was cut off goes on.

    Raises
    ------
    UsageError
        When the pool takes no images.
    """
    if taking.what == "consensus":
        with writing(engine) as connection:
            _finish(connection, taking, found, count)
        _keep_again(taking, found)
    elif taking.what == "prelabels":
        with writing(engine) as connection:
            _show(connection, taking, _in_pool(found, count), count)
    else:
        _special(engine, taking, found, count)


def would_take(engine: Engine, taking: Taking, found: Sequence[FoundLabel], count: ImportCount) -> None:
    """Count what `take_labels` would do; nothing is changed."""
    if taking.what == "prelabels":
        count.taken += len([one for one in found if one.along is not None])
        count.taken += len(_in_pool([one for one in found if one.along is None], count))
        return
    there = {one.joined.task: one for one in found if one.joined.task is not None}
    changed: set[int] = set()
    if taking.what == "consensus":
        with reading(engine) as connection:
            effects = would_label(connection, {task: one.payload for task, one in there.items()})
        changed = {one.task for one in effects}
        count.corrected += sum(one.effect == "corrected" for one in effects)
    for task in sorted(set(there) - changed):
        count.refuse("there", there[task].name)
    new = [one for one in found if one.joined.task is None]
    for one in new:
        if one.joined.image is None:
            count.refuse("no_image", one.name)
    added = sum(one.joined.image is not None for one in new)
    count.taken += len(changed) + added
    count.added += added


def _in_pool(found: Sequence[FoundLabel], count: ImportCount) -> list[FoundLabel]:
    for one in found:
        if one.joined.task is None:
            count.refuse("not_in_pool", one.name)
    return [one for one in found if one.joined.task is not None]


def _show(connection: Connection, taking: Taking, there: Sequence[FoundLabel], count: ImportCount) -> None:
    """Keep pre-labels, and what they replace."""
    new = {
        one.joined.task or 0: Prelabel(one.payload, 1.0 if one.score is None else one.score) for one in there
    }
    before = given_prelabels(connection, list(new))
    put_prelabels(connection, taking.pool.key, new, time=taking.now, by=taking.by)
    replaced = {
        key: {"payload": dict(one.payload), "confidence": one.confidence} for key, one in before.items()
    }
    effects = [ImportedLabel(key, "prelabel", replaced.get(key)) for key in new]
    _note(connection, taking, effects)
    count.taken += len(there)


def _special(engine: Engine, taking: Taking, found: Sequence[FoundLabel], count: ImportCount) -> None:
    """Take labels as the truths of golden, training or exam tasks."""
    mine = _known(engine, taking, found)
    new: list[FoundLabel] = []
    for one in found:
        if one.joined.task is None:
            new.append(one)
        elif one.joined.task in mine:
            count.taken += 1
            count.added += 1
        else:
            count.refuse("there", one.name)
    images = [PoolImage(one.joined.record, taking.what, one.payload, "from a file") for one in new]  # type: ignore[arg-type]
    done = fill_pool(
        engine,
        taking.project.key,
        taking.pool.key,
        images,
        by=taking.by,
        now=taking.now,
        brought={one.along.record: one.along for one in new if one.along is not None},
        label_import=taking.key or None,
    )
    _keep_again(taking, new)
    names = {one.joined.record: one.name for one in new}
    for record in done.missing:
        count.refuse("no_image", names[record])
    count.taken += done.added
    count.added += done.added


def _finish(connection: Connection, taking: Taking, found: Sequence[FoundLabel], count: ImportCount) -> None:
    """Take labels as finished ones: of tasks that nobody has begun, and of new ones."""
    pool, now = taking.pool, taking.now
    if pool.most_paid is not None:
        lock_pool(connection, pool.key)
    there = {one.joined.task: one for one in found if one.joined.task is not None}
    changed = label_open(connection, {task: one.payload for task, one in there.items()}, now=now)
    touched = {one.task for one in changed}
    mine = effects_on(connection, taking.key, set(there) - touched)
    for task in sorted(set(there) - touched - set(mine)):
        count.refuse("there", there[task].name)
    new = {one.joined.record: one for one in found if one.joined.task is None}
    along = {one.along.record: one.along for one in new.values() if one.along is not None}
    images = [*lock_images(connection, taking.project.model, sorted(set(new) - set(along))), *along.values()]
    for record in sorted(set(new) - {one.record for one in images}):
        count.refuse("no_image", new[record].name)
    labels = {record: one.payload for record, one in new.items()}
    first = last_position(connection, pool.key) + 1
    added = add_labelled(connection, pool.key, images, labels, first=first, wanted=pool.overlap, now=now)
    put_sources(connection, pool.key, [*sorted(touched), *added], "import", now, taking.by)
    effects = [*changed, *(ImportedLabel(key, "added") for key in added)]
    _note(connection, taking, effects)
    if added:
        add_to_pool(connection, pool.key, tasks=len(added), done=len(added))
    labelled = sum(one.effect == "labelled" for one in changed)
    if labelled:
        tally(connection, pool, now, done=labelled)
    count.corrected += len(changed) - labelled + sum(one == "corrected" for one in mine.values())
    count.taken += len(changed) + len(added) + len(mine)
    count.added += len(added) + sum(one == "added" for one in mine.values())


def _note(connection: Connection, taking: Taking, effects: Sequence[ImportedLabel]) -> None:
    if taking.key:
        note_effects(connection, taking.key, effects)
    else:  # told one by one: such a label is no file's any more
        forget_effects(connection, [one.task for one in effects])


def _known(engine: Engine, taking: Taking, found: Sequence[FoundLabel]) -> set[int]:
    there = [one.joined.task for one in found if one.joined.task is not None]
    with reading(engine) as connection:
        return set(effects_on(connection, taking.key, there))


def _keep_again(taking: Taking, found: Sequence[FoundLabel]) -> None:
    if taking.brought is not None:
        taking.brought.keep_again([one.along for one in found if one.along is not None])
