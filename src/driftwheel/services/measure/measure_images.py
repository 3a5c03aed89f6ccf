"""Measure images: decode each once, keep its properties, embedding and model scores, drop the pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UnreadableImageError
from driftwheel.images.properties import PROPERTY_NAMES, measure, near_duplicates
from driftwheel.learning.classifier import Classifier
from driftwheel.learning.embedder import Embedder, Prepare
from driftwheel.records import Image, Mode, Records, Unreadable, times_of
from driftwheel.services.measure.parallel import map_in_order

__all__ = ["concatenate", "measure_images", "shorter_side", "single_threaded_opencv"]

_TASK = 8  # images a worker takes at once: enough to hide the hand-over, few enough to keep memory flat
_CHUNK = 32  # tasks in one chunk of records
_FEW = 8  # tasks that are not worth starting processes for


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """What is kept of one readable image."""

    image: Image
    values: NDArray[np.float32]
    hash64: int
    prepared: NDArray[Any] | None
    seen: NDArray[Any] | None


@dataclass(frozen=True, slots=True)
class _Steps:
    """How an image is measured, as it is sent to other processes: no network in it."""

    prepare: Prepare | None
    see: Prepare | None
    mode: Mode
    shorter_side: int


def measure_images(
    source: Iterable[Image | Unreadable],
    *,
    embedder: Embedder | None = None,
    classifier: Classifier | None = None,
    mode: Mode = "exact",
    threads: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Iterator[Records]:
    """Yield chunks of at most 256 records in the order of `source`, holding only a few images at a time.

    Up to `threads` images are worked on at once, by default as many as there are processors; from the 65th
    image on by processes of their own (see `driftwheel.services.measure.parallel`). The values do not
    depend on it.

    With a `classifier`, the monitored model, its scores are taken in the same pass.

    A chunk's `unreadable` names the images of that chunk which could not be decoded. `on_progress` receives
    the number of images just finished. OpenCV's own threads are switched off while this runs, and put back
    afterwards.
    """
    last_hash: int | None = None
    with single_threaded_opencv():
        work = partial(_measure_task, steps=_steps(embedder, classifier, mode))
        tasks = map_in_order(work, _batches(source), threads=threads, few=_FEW)
        while done := list(islice(tasks, _CHUNK)):
            rows = [row for task in done for row in task]
            chunk, last_hash = _to_records(rows, embedder, classifier, mode, last_hash)
            if on_progress is not None:
                on_progress(len(rows))
            yield chunk


def shorter_side(prepare: Prepare | None) -> int:
    """Return the shorter side in px that fast mode's reduced decode must leave for an embedder, if any."""
    return 0 if prepare is None else 224


def concatenate(chunks: Iterable[Records]) -> Records:
    """Join chunks of one run into one table, sorted by image name (stable), `unreadable` sorted too."""
    parts = list(chunks)
    if not parts:
        return Records((), np.empty((0, len(PROPERTY_NAMES)), np.float32), PROPERTY_NAMES)
    first = parts[0]
    tag_names = sorted({name for part in parts for name in part.tags})
    embedded = [part.embeddings for part in parts if part.embeddings is not None]
    scored = [part.scores for part in parts if part.scores is not None]
    timed = any(part.times is not None for part in parts)
    joined = Records(
        images=tuple(name for part in parts for name in part.images),
        properties=np.concatenate([part.properties for part in parts]),
        property_names=first.property_names,
        embeddings=np.concatenate(embedded) if embedded else None,
        embedder=first.embedder,
        mode=first.mode,
        times=np.concatenate([_times_or_nat(part) for part in parts]) if timed else None,
        tags={name: tuple(v for part in parts for v in _tag_column(part, name)) for name in tag_names},
        unreadable=tuple(sorted(item for part in parts for item in part.unreadable)),
        scores=np.concatenate(scored) if scored else None,
        classes=first.classes,
    )
    return joined.take(sorted(range(len(joined)), key=joined.images.__getitem__))


def _batches(source: Iterable[Image | Unreadable]) -> Iterator[list[Image | Unreadable]]:
    items = iter(source)
    while task := list(islice(items, _TASK)):
        yield task


def _steps(embedder: Embedder | None, classifier: Classifier | None, mode: Mode) -> _Steps:
    prepare = None if embedder is None else embedder.prepare
    if classifier is None:
        return _Steps(prepare, None, mode, shorter_side(prepare))
    return _Steps(prepare, classifier.prepare, mode, max(shorter_side(prepare), classifier.shorter_side))


def _measure_task(items: list[Image | Unreadable], steps: _Steps) -> list[_Row | Unreadable]:
    return [item if isinstance(item, Unreadable) else _measure_one(item, steps) for item in items]


def _measure_one(image: Image, steps: _Steps) -> _Row | Unreadable:
    try:
        measured = measure(image.data, steps.mode, shorter_side=steps.shorter_side)
        prepared, seen = (
            None if prepare is None else prepare(measured.pixels) for prepare in (steps.prepare, steps.see)
        )
    except UnreadableImageError as error:
        return Unreadable(image.name, error.reason, image.time, image.tags)
    kept = Image(image.name, b"", image.time, image.tags)
    return _Row(kept, measured.values, measured.hash64, prepared, seen)


def _to_records(
    rows: list[_Row | Unreadable],
    embedder: Embedder | None,
    classifier: Classifier | None,
    mode: Mode,
    last_hash: int | None,
) -> tuple[Records, int | None]:
    read = [row for row in rows if isinstance(row, _Row)]
    values = np.empty((len(read), len(PROPERTY_NAMES)), np.float32)
    for i, row in enumerate(read):
        values[i] = row.values
    before = [] if last_hash is None else [last_hash]
    hashes = np.array(before + [row.hash64 for row in read], dtype=np.uint64)
    values[:, PROPERTY_NAMES.index("near_duplicate")] = near_duplicates(hashes)[len(before) :]
    embeddings = None
    if embedder is not None:
        prepared = [row.prepared for row in read if row.prepared is not None]
        embeddings = (
            embedder.embed(np.stack(prepared)) if prepared else np.empty((0, embedder.dimensions), np.float32)
        )
    scores = None
    if classifier is not None:
        seen = [row.seen for row in read if row.seen is not None]
        scores = (
            classifier.scores(np.stack(seen)) if seen else np.empty((0, len(classifier.classes)), np.float32)
        )
    tag_names = sorted({name for row in read for name in row.image.tags})
    records = Records(
        images=tuple(row.image.name for row in read),
        properties=values,
        property_names=PROPERTY_NAMES,
        embeddings=embeddings,
        embedder=None if embedder is None else embedder.identity,
        mode=mode,
        times=times_of([row.image.time for row in read]),
        tags={name: tuple(row.image.tags.get(name) for row in read) for name in tag_names},
        unreadable=tuple(row for row in rows if isinstance(row, Unreadable)),
        scores=scores,
        classes=() if classifier is None else classifier.classes,
    )
    return records, int(hashes[-1]) if len(hashes) else last_hash


def _times_or_nat(part: Records) -> NDArray[np.datetime64]:
    return np.full(len(part), "NaT", "datetime64[us]") if part.times is None else part.times


def _tag_column(part: Records, name: str) -> tuple[str | None, ...]:
    return part.tags.get(name, (None,) * len(part))


@contextmanager
def single_threaded_opencv() -> Iterator[None]:
    """Switch off OpenCV's own threads for a while: images are measured in threads of ours."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
