"""Put images into a pool of a labelling project: chosen ones, those of a list, golden ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.browse.list_images import ImageQuery, list_images
from driftwheel.services.label.consensus.answer_payload import checked_payload, stratum_of
from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.label_imports import ImportedLabel, note_effects
from driftwheel.store.labels.pools import Pool, add_to_pool, lock_pool
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.task_selections import TaskSelection, put_selections
from driftwheel.store.labels.tasks import (
    NewTask,
    TaskKind,
    add_tasks,
    keys_of_records,
    last_position,
    records_in_pool,
)
from driftwheel.store.operate.audit import note
from driftwheel.store.records.record_images import RecordImage, lock_images

__all__ = ["MOST_AT_ONCE", "Filled", "PoolImage", "fill_pool", "fill_pool_in", "select_images"]

MOST_AT_ONCE = 10_000
"""Images of one call: others wait for no longer than its transaction takes."""

_PAGE = 500


@dataclass(frozen=True, slots=True)
class PoolImage:
    """An image to be labelled.

    Attributes
    ----------
    record
        Id of its record.
    kind
        ``real``; ``golden``, mixed in to see how good an annotator is; ``training``, answered first and
        explained; ``exam``, answered after that.
    truth
        The right answer, of all that are not real.
    reason
        Why it was chosen.
    selection
        How it was selected, of real ones: labels are weighed by it. None: nobody says.
    """

    record: str
    kind: TaskKind = "real"
    truth: Mapping[str, Any] | None = None
    reason: str = ""
    selection: TaskSelection | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of images.

    Attributes
    ----------
    added
        Became tasks.
    there
        Records that the pool had already.
    missing
        Ids of records that are not there, or whose image is not kept.
    """

    added: int
    there: int
    missing: tuple[str, ...]


def fill_pool(
    engine: Engine,
    project: int,
    pool: int,
    images: Sequence[PoolImage],
    *,
    by: str,
    now: datetime,
    brought: Mapping[str, RecordImage] | None = None,
    label_import: int | None = None,
) -> Filled:
    """Add images to a pool, in their order; noted in the audit.

    Not to one that was closed before all was labelled: open that again. One that is all labelled takes
    images, and is opened after that.

    Told again, nothing is added twice. The images are kept for as long as the pool is, whatever the
    retention of the model says.

    Parameters
    ----------
    brought
        Images that no record has, by the names that they are to have as records; they are kept already.
    label_import
        Key of the file that they come from, whose effect is noted.

    Raises
    ------
    LookupError
        When there is no such pool.
    UsageError
        When the pool was closed before all was labelled, there are more than `MOST_AT_ONCE`, or a truth is
        missing or cannot be used.
    """
    with writing(engine) as connection:
        return fill_pool_in(
            connection, project, pool, images, by=by, now=now, brought=brought, label_import=label_import
        )


def fill_pool_in(
    connection: Connection,
    project: int,
    pool: int,
    images: Sequence[PoolImage],
    *,
    by: str,
    now: datetime,
    brought: Mapping[str, RecordImage] | None = None,
    label_import: int | None = None,
) -> Filled:
    """Add images to a pool as `fill_pool` does, in a transaction of somebody else's.

    Raises
    ------
    LookupError, UsageError
        Likewise.
    """
    if len(images) > MOST_AT_ONCE:
        raise UsageError(f"{len(images):,} images were given; give at most {MOST_AT_ONCE:,} at once.")
    found, _ = pool_of_project(connection, project, pool)
    checked = {one.record: _checked(found, one) for one in images}
    known = lock_pool(connection, pool)
    if known is None or (known.state == "closed" and known.done < known.tasks):
        raise UsageError("The pool is closed; open it again, or make another.")
    there = records_in_pool(connection, pool, list(checked))
    wanted = [record for record in checked if record not in there]
    kept = {one.record: one for one in lock_images(connection, found.model, wanted)} | dict(brought or {})
    first = last_position(connection, pool) + 1
    new = [
        _task(known, checked[record], kept[record], first + number)
        for number, record in enumerate(one for one in wanted if one in kept)
    ]
    add_tasks(connection, pool, new)
    selected = {one.record: checked[one.record].selection for one in new if one.kind == "real"}
    put_selections(connection, pool, {record: one for record, one in selected.items() if one is not None})
    if label_import is not None:
        keys = keys_of_records(connection, pool, [one.record for one in new])
        note_effects(connection, label_import, [ImportedLabel(key, "added") for key in keys])
    add_to_pool(connection, pool, tasks=sum(one.kind == "real" for one in new))
    details = {"pool": known.name, "images": len(new)}
    note(connection, now, by, "fill-pool", f"project {found.name}", details)
    return Filled(len(new), len(there), tuple(record for record in wanted if record not in kept))


def select_images(connection: Connection, query: ImageQuery, *, limit: int, reason: str) -> list[PoolImage]:
    """Return the first `limit` images of a list of a model, as `services.list_images` orders them."""
    chosen: list[PoolImage] = []
    for record in _records(lambda after: list_images(connection, query, after=after, limit=_PAGE)):
        if len(chosen) == limit:
            break
        chosen.append(PoolImage(record, reason=reason))
    return chosen


def _records(page: Callable[[str | None], Any]) -> Iterator[str]:
    after: str | None = None
    while True:
        found = page(after)
        yield from _with_image(found.records)
        after = found.next
        if after is None:
            return


def _with_image(records: Iterable[Any]) -> Iterator[str]:
    return (one.id for one in records if one.image is not None)


def _checked(project: Project, image: PoolImage) -> PoolImage:
    if image.kind == "real":
        if image.truth is not None:
            raise UsageError(
                f"The image '{image.record}' is real and has a truth; make it golden, or leave that out."
            )
        return image
    if image.truth is None:
        raise UsageError(
            f"The image '{image.record}' is {image.kind} and has no truth; give the right answer."
        )
    return PoolImage(image.record, image.kind, checked_payload(project, image.truth), image.reason)


def _task(pool: Pool, chosen: PoolImage, image: RecordImage, position: int) -> NewTask:
    real = chosen.kind == "real"
    return NewTask(
        chosen.kind,
        position,
        image.record,
        image.image,
        image.width,
        image.height,
        chosen.reason,
        pool.overlap if real else 0,
        chosen.truth,
        None if chosen.truth is None else stratum_of(chosen.truth),
    )
