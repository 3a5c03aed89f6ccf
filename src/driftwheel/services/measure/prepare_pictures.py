"""Prepare pictures: decode the images of a source and bring each to what an autoencoder reads."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.replays.replay import blocks_of
from driftwheel.errors import UnreadableImageError
from driftwheel.images.decode import decode
from driftwheel.records import Image, Records, Unreadable, times_of
from driftwheel.services.measure.measure_images import single_threaded_opencv
from driftwheel.services.measure.parallel import map_in_order

__all__ = ["MOST_BYTES", "PreparedPictures", "prepare_pictures"]

Prepare = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]

MOST_BYTES = 1 << 30
"""Of pictures that are held at a time."""

_TASK = 8  # images a worker takes at once
_FEW = 8  # tasks that are not worth starting processes for


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPictures:
    """The readable images of a source, or a random part of them, in the source's order.

    Attributes
    ----------
    images
        n names.
    pictures
        (n, side, side, channels) uint8.
    blocks
        (n,) numbers of tags and hour as `driftwheel.drift.replays.replay.blocks_of` gives them, or None.
    seen
        How many readable images the source has.
    tags
        Name of a tag → its values of the n images, None where an image lacks it.
    """

    images: tuple[str, ...]
    pictures: NDArray[np.uint8]
    blocks: NDArray[np.intp] | None
    seen: int
    tags: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """One prepared image; `image` without its data."""

    image: Image
    picture: NDArray[np.uint8]


def prepare_pictures(
    source: Iterable[Image | Unreadable],
    prepare: Prepare,
    *,
    most: int,
    rng: np.random.Generator,
    threads: int | None = None,
    processes: bool = True,
    on_progress: Callable[[int], None] | None = None,
) -> PreparedPictures:
    """Return the images of `source` prepared; of more than `most`, so many at random.

    Of large pictures fewer: as many as `MOST_BYTES` hold. Images that cannot be read are left out. Every
    image is decoded.

    Parameters
    ----------
    prepare
        From (h, w, 3) BGR uint8 to a picture, all of one shape; sent to other processes.
    processes
        Whether many images are decoded in other processes; else all are in threads, as fast for large ones.
    on_progress
        Receives the number of images just finished.
    """
    blank = prepare(np.zeros((1, 1, 3), np.uint8))
    most = max(1, min(most, MOST_BYTES // blank.nbytes))
    kept: list[tuple[int, _Row]] = []
    seen = 0
    with single_threaded_opencv():
        work = partial(_prepare_task, prepare=prepare)
        few = _FEW if processes else sys.maxsize
        for rows in map_in_order(work, _batches(source), threads=threads, few=few):
            for row in rows:
                if row is None:
                    continue
                place = seen if seen < most else int(rng.integers(seen + 1))  # a reservoir: all are as likely
                if place < most:
                    kept[place : place + 1] = [(seen, row)]
                seen += 1
            if on_progress is not None:
                on_progress(len(rows))
    kept.sort(key=lambda pair: -pair[0])
    images = [row.image for _, row in reversed(kept)]
    pictures = np.empty((len(kept), *blank.shape), np.uint8)
    for i in range(len(kept)):
        pictures[i] = kept.pop()[1].picture  # so that each is there once, not twice
    tags = _tags(images)
    blocks = _blocks(images, tags)
    return PreparedPictures(tuple(image.name for image in images), pictures, blocks, seen, tags)


def _batches(source: Iterable[Image | Unreadable]) -> Iterator[list[Image | Unreadable]]:
    items = iter(source)
    while task := list(islice(items, _TASK)):
        yield task


def _prepare_task(items: list[Image | Unreadable], prepare: Prepare) -> list[_Row | None]:
    return [_prepare_one(item, prepare) if isinstance(item, Image) else None for item in items]


def _prepare_one(image: Image, prepare: Prepare) -> _Row | None:
    try:
        picture = prepare(decode(image.data).pixels)
    except UnreadableImageError:
        return None
    return _Row(Image(image.name, b"", image.time, image.tags), picture)


def _tags(images: list[Image]) -> dict[str, tuple[str | None, ...]]:
    names = sorted({name for image in images for name in image.tags})
    return {name: tuple(image.tags.get(name) for image in images) for name in names}


def _blocks(images: list[Image], tags: Mapping[str, tuple[str | None, ...]]) -> NDArray[np.intp] | None:
    n = len(images)
    times = times_of([image.time for image in images])
    records = Records(tuple(i.name for i in images), np.empty((n, 0), np.float32), (), times=times, tags=tags)
    return blocks_of(records)
