"""What an answer says here, and in label files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from driftwheel.errors import UsageError
from driftwheel.formats.box_fitness import fitting_box, fitting_class
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel
from driftwheel.formats.losses import Losses
from driftwheel.services.label.consensus.answer_payload import checked_payload
from driftwheel.store.labels.projects import Project

__all__ = ["Unfit", "answer_of_payload", "labels_of", "payload_of_answer"]

Unfit = Literal["unknown_class", "wrong_kind"]
"""Why an answer of a file is none of a project: it names a class that the project has not, or says something
else than the project asks for, such as boxes, or two classes."""


def answer_of_payload(
    payload: Mapping[str, Any],
    *,
    source: Literal["human", "model"] = "human",
    by: str = "",
    time: datetime | None = None,
    seconds: float | None = None,
    golden: bool = False,
    score: float | None = None,
) -> Answer:
    """Return what a payload says, as an answer of a label file.

    Parameters
    ----------
    score
        Of the whole, where something that is no person said it.

    Examples
    --------
    >>> answer_of_payload({"classes": ["cat", "dog"]}).classes[1].label
    'dog'
    """
    known: dict[str, Any] = {
        "source": source,
        "by": by,
        "time": time,
        "seconds": seconds,
        "golden": golden,
        "score": score,
    }
    if "boxes" in payload:
        boxes = tuple(
            BoxLabel(
                one["class"], one["x"], one["y"], one["w"], one["h"], float(one.get("rotation", 0.0)) % 360
            )
            for one in payload["boxes"]
        )
        return Answer(boxes=boxes, **known)
    names = [payload["class"]] if "class" in payload else payload["classes"]
    return Answer(tuple(ClassLabel(name) for name in names), **known)


def labels_of(answer: Answer) -> list[str]:
    """Return the classes that an answer names."""
    return [*(one.label for one in answer.classes), *(one.label for one in answer.boxes)]


def payload_of_answer(
    project: Project, answer: Answer, where: str, losses: Losses
) -> tuple[dict[str, Any], float | None] | Unfit:
    """Return what an answer of a label file says, in the form that a project keeps, and its score.

    The score is that of the answer, else the least of its parts; None where it has none.

    Parameters
    ----------
    where
        What errors call the image.
    losses
        Judges what is not kept: marks and attributes.

    Raises
    ------
    LabelFormatError
        For a loss that is not allowed.
    """
    if (project.answer == "boxes" and answer.classes) or (project.answer != "boxes" and answer.boxes):
        return "wrong_kind"
    if project.answer == "class" and len(answer.classes) != 1:
        return "wrong_kind"
    known = {one.name for one in project.classes}
    if not set(labels_of(answer)) <= known:
        return "unknown_class"
    given = [*(one.score for one in answer.classes), *(one.score for one in answer.boxes)]
    scores = [one for one in given if one is not None]
    score = min(scores, default=None) if answer.score is None else answer.score
    if project.answer == "boxes":
        fits = [
            fitting_box(box, f"{where}, box {number}", losses, rotation=True, score=True)
            for number, box in enumerate(answer.boxes, start=1)
        ]
        said: dict[str, Any] = {
            "boxes": [
                {
                    "class": one.label,
                    "x": one.x,
                    "y": one.y,
                    "w": one.width,
                    "h": one.height,
                    "rotation": one.rotation,
                }
                for one in fits
            ]
        }
    else:
        labels = [fitting_class(one, where, losses, score=True).label for one in answer.classes]
        said = {"class": labels[0]} if project.answer == "class" else {"classes": labels}
    try:
        return checked_payload(project, said), score
    except UsageError:  # more boxes than are kept of an answer, or far from every image
        return "wrong_kind"
