"""What label files say of an image, whatever their format: classes, boxes, who said it and when.

Coordinates are pixels from the upper left corner of the image as it is displayed (EXIF orientation baked
in); parts of a pixel count.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from driftwheel.errors import UsageError

__all__ = ["Answer", "Attributes", "BoxLabel", "ClassLabel", "LabelSet", "LabelledImage"]

Attributes = tuple[tuple[str, str], ...]
"""Name → value, in the order of the file."""


@dataclass(frozen=True, slots=True)
class ClassLabel:
    """A class of the whole image; an image may have several."""

    label: str
    score: float | None = None
    attributes: Attributes = ()

    def __post_init__(self) -> None:
        if not self.label:
            raise UsageError("A class without a name; give it one.")
        _check_score(self.score, self.label)


@dataclass(frozen=True, slots=True)
class BoxLabel:
    """One object: a rectangle that may be turned about its centre.

    Attributes
    ----------
    label
        Its class.
    x, y, width, height
        Left and upper edge and size in pixels **before it is turned**; it may reach over the border.
    rotation
        Degrees clockwise, as seen on a screen, about the centre; 0 ≤ rotation < 360.
    score
        0…1; None where a person drew it.
    crowd
        Many objects in one box, which count as none and all (COCO ``iscrowd``).
    occluded, truncated
        Partly behind something; partly beyond the border.
    ignored
        Too hard to count in an evaluation (VOC ``difficult``, COCO ``ignore``).
    attributes
        What else was said of it.
    """

    label: str
    x: float
    y: float
    width: float
    height: float
    rotation: float = 0.0
    score: float | None = None
    crowd: bool = False
    occluded: bool = False
    truncated: bool = False
    ignored: bool = False
    attributes: Attributes = ()

    def __post_init__(self) -> None:
        if not self.label:
            raise UsageError("A box without a class; give it one.")
        if not math.isfinite(self.x + self.y + self.width + self.height + self.rotation):
            raise UsageError(f"The box of '{self.label}' has an edge or angle that is not a finite number.")
        if self.width <= 0 or self.height <= 0:
            size = f"{self.width:g} × {self.height:g}"
            raise UsageError(f"The box of '{self.label}' is {size} pixels; both sides must be above 0.")
        if not 0 <= self.rotation < 360:
            raise UsageError(
                f"The box of '{self.label}' is turned by {self.rotation:g}°; give 0 ≤ angle < 360."
            )
        _check_score(self.score, self.label)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person, or one version of a model, said of an image; nothing in it is an answer too.

    Attributes
    ----------
    classes, boxes
        In the order of the file.
    source
        ``human``, or ``model`` for a prediction.
    by
        The annotator, or the model's version; empty where the file does not say.
    time
        When, timezone-aware; None where the file does not say.
    seconds
        How long it took.
    golden
        Whether it was marked as the truth that others are held against.
    score
        The model's score of the whole answer.
    """

    classes: tuple[ClassLabel, ...] = ()
    boxes: tuple[BoxLabel, ...] = ()
    source: Literal["human", "model"] = "human"
    by: str = ""
    time: datetime | None = None
    seconds: float | None = None
    golden: bool = False
    score: float | None = None


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """One image with what was said of it.

    Attributes
    ----------
    name
        Path below the folder of the images, with ``/``; see `driftwheel.formats.image_name`.
    width, height
        Pixels as displayed; None where the file does not say.
    answers
        None at all: nobody has labelled it. One without classes and boxes: there is nothing in it.
    """

    name: str
    width: int | None = None
    height: int | None = None
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The classes that a file declares, in its order (none where it declares none), and its images, once."""

    classes: tuple[str, ...]
    images: Iterator[LabelledImage]


def _check_score(score: float | None, label: str) -> None:
    if score is not None and not 0 <= score <= 1:
        raise UsageError(f"'{label}' has the score {score:g}; a score is between 0 and 1.")
