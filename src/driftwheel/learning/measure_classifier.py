"""Ask a classifier's file about labelled images, as they are or with a camera fault."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.errors import UsageError
from driftwheel.learning.labelled_images import LabelledImages
from driftwheel.learning.onnx_classifier import open_classifier
from driftwheel.learning.stored_fault import JPEG_QUALITIES, stored_fault

__all__ = ["ClassifierAnswers", "FaultyImages", "classifier_answers"]

_BATCH = 32
_CAMERAS = 4
_OTHER_CAMERAS = 1_000_003  # so that what is measured on was never seen in learning: dirt sits elsewhere


@dataclass(frozen=True, slots=True, eq=False)
class ClassifierAnswers:
    """What a classifier said of n labelled images.

    Attributes
    ----------
    labels
        (n,) what is in them.
    scores
        (n, k) in the order of the images' classes, float32; 0 for a class that it does not know.
    """

    labels: NDArray[np.intp]
    scores: NDArray[np.float32]

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,) whether the class with the largest score is the label."""
        return np.asarray(self.scores.argmax(axis=1) == self.labels)

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats; a score below 1e-7 counts as that."""
        chosen = self.scores[np.arange(len(self.labels)), self.labels]
        return -float(np.log(np.maximum(chosen, 1e-7)).mean())


def classifier_answers(
    file: bytes,
    images: LabelledImages,
    *,
    fault: FaultCase | None = None,
    seed: int = 0,
    threads: int = 1,
    tick: Callable[[], None] = lambda: None,
) -> ClassifierAnswers:
    """Return what a classifier in an ONNX file says of images.

    A file that does not name its classes, and has as many as the images have, has them in their order.

    Parameters
    ----------
    fault
        Given to each image first, at its full size, and stored as JPEG.
    seed
        Stands for the simulated cameras, which are others than those of a training with the same seed.
    tick
        Called after every batch.

    Raises
    ------
    UsageError
        When the file is no classifier, or knows none of the classes.
    SourceError
        When an image cannot be read.
    """
    classifier = open_classifier(file, threads=threads)
    names = list(classifier.classes)
    if names == [str(number) for number in range(len(images.classes))]:
        names = list(images.classes)  # the file names none, and has as many
    known = [name for name in images.classes if name in names]
    if not known:
        raise UsageError(
            f"The model tells {', '.join(classifier.classes[:5])} apart, the images show "
            f"{', '.join(images.classes[:5])}: no class is the same. Give its classes the labels' names."
        )
    columns = [names.index(name) for name in known]
    places = [images.classes.index(name) for name in known]
    scores = np.zeros((len(images), len(images.classes)), np.float32)
    seen = images if fault is None else FaultyImages(images, fault, seed)
    work = partial(_prepared, seen, classifier.prepare)
    with ThreadPoolExecutor(max(1, threads)) as pool:
        for start in range(0, len(images), _BATCH):
            rows = range(start, min(start + _BATCH, len(images)))
            batch = np.stack(list(pool.map(work, rows)))
            scores[np.ix_(rows, places)] = classifier.scores(batch)[:, columns]
            tick()
    return ClassifierAnswers(np.asarray(images.labels), scores)


@dataclass(frozen=True, slots=True, eq=False)
class FaultyImages:
    """Images as a faulty camera would have stored them; `seed` stands for the cameras."""

    images: LabelledImages
    fault: FaultCase
    seed: int

    @property
    def classes(self) -> tuple[str, ...]:
        """Those of the images."""
        return self.images.classes

    @property
    def labels(self) -> NDArray[np.intp]:
        """Those of the images."""
        return self.images.labels

    def __len__(self) -> int:
        return len(self.images)

    def image(self, i: int) -> NDArray[np.uint8]:
        """Return the pixels of an image, given the fault at its full size and stored as JPEG."""
        camera = self.seed * _OTHER_CAMERAS + _OTHER_CAMERAS + i % _CAMERAS
        quality = int(np.random.default_rng([self.seed, 61, i]).integers(*JPEG_QUALITIES))
        return stored_fault(self.images.image(i), self.fault, camera, quality)


def _prepared(images: LabelledImages, prepare: Callable[[Any], Any], number: int) -> NDArray[Any]:
    return np.asarray(prepare(images.image(number)))
