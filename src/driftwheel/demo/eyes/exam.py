"""An exam: how often a version is right about old eyes and new ones that it has not learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.demo.eyes.published_eyes import CLASSES, Eye
from driftwheel.demo.eyes.share_out_eyes import SharedOut
from driftwheel.images.decode import decode
from driftwheel.learning.classifier import Classifier
from driftwheel.learning.onnx_classifier import open_classifier

__all__ = ["Exam", "examine"]


@dataclass(frozen=True, slots=True)
class Exam:
    """Accuracy, 0…1, on so many sharp and bright eyes, and on so many blurred and dark ones."""

    old: float
    n_old: int
    new: float
    n_new: int


def examine(file: bytes, parts: SharedOut) -> Exam:
    """Measure an ONNX file on people whom no training has learnt from.

    The old ones are the dataset's test split; of the new ones neither a training nor an annotator saw any.
    """
    model = open_classifier(file, threads=1, classes=None)
    return Exam(
        float(_right(model, parts.old_test).mean()),
        len(parts.old_test),
        float(_right(model, parts.new_test).mean()),
        len(parts.new_test),
    )


def _right(model: Classifier, eyes: Sequence[Eye]) -> NDArray[np.bool_]:
    named = [model.classes.index(one) for one in CLASSES]
    prepared = np.stack([model.prepare(decode(one.file.read_bytes()).pixels) for one in eyes])
    said = model.scores(prepared)[:, named].argmax(axis=1)
    return np.asarray(said == np.array([CLASSES.index(one.label) for one in eyes]))
