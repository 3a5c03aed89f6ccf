"""A trainer: labelled images in, a classifier's ONNX file out; built-in ones come in by the same door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.learning.labelled_images import LabelledImages
from driftwheel.learning.trainers.recipe import Recipe

__all__ = ["Epoch", "TrainedClassifier", "Trainer", "TrainingJob", "TrainingWatch"]


@dataclass(frozen=True, slots=True)
class Epoch:
    """What was known after all images were learnt from once more.

    Attributes
    ----------
    number
        From 1 on.
    loss
        Mean cross-entropy over what was learnt from, as it was seen, in nats; None where it is not known.
    validation_loss, validation_accuracy
        On the validation split, with as many faults as in learning.
    seconds
        Since the training began, those of a run that was cut off included.
    """

    number: int
    loss: float | None
    validation_loss: float
    validation_accuracy: float
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class TrainingJob:
    """What is to be trained.

    Attributes
    ----------
    train, validation
        Images of the same classes, in the same order.
    weights
        (n,) how much each image of `train` counts, above 0; see `image_weights`.
    may_fault
        Which images of `train`, and of `validation`, the recipe's faults may be given, (n,) each: not those
        that a faulty camera took. None: all.
    start
        The ONNX file of the classifier to go on from, for an incremental training; None for a full one.
    folder
        An empty folder of the training's own.
    threads
        That it may compute with.
    checkpoint
        What the last run of this same job, which was cut off, left behind.
    """

    train: LabelledImages
    validation: LabelledImages
    weights: NDArray[np.float64]
    recipe: Recipe
    folder: Path
    start: bytes | None = None
    threads: int = 1
    checkpoint: bytes | None = None
    may_fault: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None

    def __post_init__(self) -> None:
        if self.train.classes != self.validation.classes:
            raise UsageError("The training split and the validation split have other classes.")
        if len(np.unique(self.train.labels)) < 2 or not len(self.validation):
            raise UsageError(
                f"The training split has {len(self.train)} images of {len(np.unique(self.train.labels))} "
                f"classes, the validation split {len(self.validation)}; a training needs images of two "
                "classes or more to learn from, and some to tell when it is done."
            )
        if self.weights.shape != (len(self.train),) or not (self.weights > 0).all():
            raise UsageError("Each image to learn from needs a weight above 0.")


class TrainingWatch(Protocol):
    """Who is told how far a training is. An exception it raises ends the training."""

    def seconds(self) -> float:
        """Return for how long it has been trained, those of a run that was cut off included."""
        ...

    def epoch(self, epoch: Epoch) -> None:
        """Hear of an epoch that is done."""
        ...

    def say(self, line: str) -> None:
        """Hear a line for the log."""
        ...

    def checkpoint(self, made: Callable[[], bytes]) -> None:
        """Keep what a run that is cut off now could go on from; `made` is called where it is wanted."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TrainedClassifier:
    """What a training leaves.

    Attributes
    ----------
    file
        A self-contained ONNX file, from image to scores, that `load_classifier` reads.
    notes
        What was decided or measured on the way, for people: JSON's plain values.
    """

    file: bytes
    notes: Mapping[str, Any] = field(default_factory=dict)


class Trainer(Protocol):
    """The plug point for trainers."""

    def train(self, job: TrainingJob, watch: TrainingWatch) -> TrainedClassifier:
        """Train a classifier.

        The same job gives the same file on the same machine, also when it was cut off and went on from a
        checkpoint.

        Raises
        ------
        DriftwheelError
            When it cannot be trained; the message says why.
        """
        ...
