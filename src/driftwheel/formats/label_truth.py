"""Answers of label files as predictions and ground truth, and the other way round."""

from __future__ import annotations

from driftwheel.errors import LabelFormatError
from driftwheel.formats.box_fitness import fitting_box, fitting_class
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel
from driftwheel.formats.losses import Losses
from driftwheel.predictions import Box, Classification, Detection, Prediction, Truth

__all__ = ["answer_of", "truth_of"]


def answer_of(prediction: Prediction, version: str) -> Answer:
    """Return what a model's version predicted, as an answer; of a classification the class it named.

    Examples
    --------
    >>> answer_of(Classification("cat", {"cat": 0.75, "dog": 0.25}), "v1").classes
    (ClassLabel(label='cat', score=0.75, attributes=()),)
    """
    if isinstance(prediction, Classification):
        return Answer((ClassLabel(prediction.label, prediction.confidence),), source="model", by=version)
    boxes = tuple(
        BoxLabel(one.label, one.x, one.y, one.width, one.height, score=one.score) for one in prediction.boxes
    )
    return Answer(boxes=boxes, source="model", by=version)


def truth_of(answer: Answer, where: str, losses: Losses) -> Truth:
    """Return an answer as ground truth: of boxes, or of nothing, a detection; of one class a classification.

    Parameters
    ----------
    where
        What errors call the image.
    losses
        Judges turned boxes, marks and attributes, which ground truth does not hold. Scores are left off.

    Raises
    ------
    LabelFormatError
        For several classes, and for classes beside boxes.

    Examples
    --------
    >>> truth_of(Answer((ClassLabel("cat"),)), "a.jpg", Losses())
    Classification(label='cat', scores={})
    """
    if len(answer.classes) > 1 or (answer.classes and answer.boxes):
        what = "classes and boxes" if answer.boxes else f"{len(answer.classes)} classes"
        raise LabelFormatError(f"{where} has {what}; ground truth is one class, or boxes.")
    if answer.classes:
        return Classification(fitting_class(answer.classes[0], where, losses, score=True).label)
    fits = (
        fitting_box(box, f"{where}, box {number}", losses, score=True)
        for number, box in enumerate(answer.boxes, start=1)
    )
    return Detection(tuple(Box(fit.label, fit.x, fit.y, fit.width, fit.height) for fit in fits))
