"""Ask a classifier for its scores on images, and nothing else: properties are measured elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import DriftwheelError, UnreadableImageError, UsageError
from driftwheel.images.decode import decode
from driftwheel.learning.classifier import Classifier
from driftwheel.learning.embedder import Prepare
from driftwheel.records import Image
from driftwheel.services.measure.measure_images import single_threaded_opencv
from driftwheel.services.measure.parallel import map_in_order

__all__ = ["classify_images"]

_TASK = 8  # images a worker takes at once
_BATCH = 4  # tasks that the model is asked about at once
_FEW = 8  # tasks that are not worth starting processes for

_Seen = tuple[str, NDArray[Any] | None]


def classify_images(
    images: Iterable[Image], classifier: Classifier, *, threads: int | None = None
) -> dict[str, NDArray[np.float32]]:
    """Return the (k,) scores of each image by its name, those that cannot be decoded left out.

    A few images at a time are held. They are decoded in up to `threads` processes, by default as many as
    there are processors; the model runs in this one.

    Raises
    ------
    DriftwheelError
        When the model gives no scores, or a process ends over an image.
    """
    found: dict[str, NDArray[np.float32]] = {}
    with single_threaded_opencv():
        work = partial(_see, prepare=classifier.prepare)
        tasks = map_in_order(work, _tasks(images), threads=threads, few=_FEW)
        while part := [one for task in islice(tasks, _BATCH) for one in task]:
            seen = [(name, array) for name, array in part if array is not None]
            if seen:
                scores = _scores(classifier, np.stack([array for _, array in seen]))
                found.update({name: row for (name, _), row in zip(seen, scores, strict=True)})
    return found


def _scores(classifier: Classifier, batch: NDArray[Any]) -> NDArray[np.float32]:
    try:
        return classifier.scores(batch)
    except DriftwheelError:
        raise
    except Exception as error:  # what a model's file does is not ours: any of it may go wrong
        raise UsageError(
            f"The model {classifier.identity} could not be run ({type(error).__name__}: {error})."
        ) from error


def _tasks(images: Iterable[Image]) -> Iterator[list[Image]]:
    items = iter(images)
    while task := list(islice(items, _TASK)):
        yield task


def _see(images: list[Image], prepare: Prepare) -> list[_Seen]:
    return [(one.name, _seen(one, prepare)) for one in images]


def _seen(image: Image, prepare: Prepare) -> NDArray[Any] | None:
    try:
        return prepare(decode(image.data).pixels)
    except UnreadableImageError:
        return None
