"""Put the images that came with a file into a pool, to be labelled."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from driftwheel.errors import UnreadableImageError
from driftwheel.services.exchange.import_count import ImportCount
from driftwheel.services.exchange.join_names import join_names
from driftwheel.services.exchange.take_labels import Taking
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool
from driftwheel.services.progress import OnProgress
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.label_imports import effects_on
from driftwheel.store.records.record_images import RecordImage

__all__ = ["bring_images"]

_AT_ONCE = 100


def bring_images(
    engine: Engine,
    taking: Taking,
    count: ImportCount,
    *,
    changes: bool,
    on_progress: OnProgress | None = None,
) -> None:
    """Add the images that came along to the pool, as tasks that are to be labelled, and count them.

    An image that had a label, or that the pool has already, is passed over. One whose name a
    record of the model has is that record's, where it is the same image, and is refused where it is another.

    Parameters
    ----------
    changes
        Else it is only counted what would be done.

    Raises
    ------
    UsageError
        When the pool takes no images.
    """
    if taking.brought is None:
        return
    for part in taking.brought.parts(_AT_ONCE):
        called = [name for name in part if name not in count.seen | count.refused]
        count.images += len(called) if taking.what == "images" else 0
        _bring(engine, taking, called, count, changes)
        if on_progress is not None:
            on_progress("images", len(part), None)


def _bring(engine: Engine, taking: Taking, called: Sequence[str], count: ImportCount, changes: bool) -> None:
    brought = taking.brought
    if brought is None:
        return
    with reading(engine) as connection:
        known = join_names(connection, taking.project.model, taking.pool.key, called)
        mine = effects_on(connection, taking.key, [one.task for one in known.values() if one.task])
    new: dict[str, RecordImage] = {}
    own: list[str] = []
    for name in called:
        there = known.get(name)
        try:
            image = brought.look(name)
        except UnreadableImageError:
            count.refuse("unreadable", name)
            continue
        if there is not None and there.image not in {None, image.image}:
            count.refuse("another_image", name)
        elif there is not None and there.task is not None:
            _count_there(taking, count, name, there.task in mine)
        elif there is not None and there.record in count.seen:
            continue
        elif there is not None and there.image is not None:
            own.append(there.record)
        else:
            new[name] = image
    count.brought += len(new) + len(own)
    if taking.what == "images":
        count.taken += len(new) + len(own)
    if (new or own) and changes:
        images = [PoolImage(name, reason="from a file") for name in (*own, *new)]
        fill_pool(
            engine,
            taking.project.key,
            taking.pool.key,
            images,
            by=taking.by,
            now=taking.now,
            brought=new,
            label_import=taking.key or None,
        )
        brought.keep_again(list(new.values()))


def _count_there(taking: Taking, count: ImportCount, name: str, mine: bool) -> None:
    if mine:
        count.brought += 1
        count.taken += taking.what == "images"
    elif taking.what == "images":
        count.refuse("there", name)
