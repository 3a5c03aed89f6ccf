"""What a model said of an image, and what people say of it: classes with scores, or boxes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from driftwheel.errors import UsageError

__all__ = [
    "AccuracyByAgreement",
    "AccuracyEstimate",
    "Box",
    "Classification",
    "Detection",
    "Feedback",
    "Prediction",
    "Record",
    "Task",
    "Truth",
]

Task = Literal["classification", "detection"]


@dataclass(frozen=True, slots=True)
class Box:
    """One object in an image.

    Attributes
    ----------
    label
        Its class.
    x, y, width, height
        Left and upper edge and size in pixels of the upright image (orientation baked in); parts of a pixel
        count, and a box may reach over the border.
    score
        0…1; None where it was drawn by a person.
    """

    label: str
    x: float
    y: float
    width: float
    height: float
    score: float | None = None

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.x, self.y, self.width, self.height))):
            raise UsageError(f"The box of '{self.label}' has an edge that is not a finite number.")
        if self.width <= 0 or self.height <= 0:
            size = f"{self.width:g} × {self.height:g}"
            raise UsageError(f"The box of '{self.label}' is {size} pixels; both sides must be above 0.")
        _check_score(self.score, f"The box of '{self.label}'")


@dataclass(frozen=True, slots=True)
class Classification:
    """The class of an image.

    Attributes
    ----------
    label
        The class.
    scores
        Class → 0…1, as many classes as the caller gives; may be empty.
    """

    label: str
    scores: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for label, score in self.scores.items():
            _check_score(score, f"Class '{label}'")

    @property
    def confidence(self) -> float | None:
        """The score of the class that was named, None where it was not given."""
        return self.scores.get(self.label)


@dataclass(frozen=True, slots=True)
class Detection:
    """The objects in an image; none is an answer too."""

    boxes: tuple[Box, ...] = ()


Prediction = Classification | Detection
Truth = Classification | Detection
"""Ground truth has the shape of a prediction; its scores are empty."""


@dataclass(frozen=True, slots=True)
class Record:
    """One prediction in production, as the client tells of it.

    Attributes
    ----------
    id
        1…128 characters, unique in its model; told twice with the same content it counts once.
    model, model_version
        Names; the version may be empty.
    time
        Event time, timezone-aware UTC.
    tags
        For example ``{"camera": "2"}``.
    image
        SHA-256 of the stored file in 64 hexadecimal digits; None in privacy mode.
    width, height
        Of the upright image in pixels, as far as the client knows them.
    prediction
        None where the model gave none.
    latency
        Of the inference, in seconds.
    error
        Why the model gave no prediction.
    """

    id: str
    model: str
    time: datetime
    model_version: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    width: int | None = None
    height: int | None = None
    prediction: Prediction | None = None
    latency: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a user of the model said of one prediction.

    Attributes
    ----------
    record
        The record's id.
    wrong
        Whether the prediction was called wrong.
    truth
        The right answer, where it was given.
    note
        Free text.
    """

    record: str
    wrong: bool
    truth: Truth | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class AccuracyEstimate:
    """The accuracy in a window, as far as it can be told without labels.

    Attributes
    ----------
    accuracy
        Best estimate of the share of right answers, in [0, 1]; None where there is none.
    low, high
        Interval that holds the share of right answers among the n with a chance of 90 %; None likewise.
    n
        Answers of the window.
    n_reference
        Answers of the reference, with their truths.
    usual
        Accuracy of the reference.
    reason
        Why it cannot be told, as a sentence without its full stop; empty where it can. Then the numbers, if
        any, are not to be relied on.
    faults
        Kinds of faults that were simulated to learn from; 0: the interval is that of faults on other models.
    """

    accuracy: float | None
    low: float | None
    high: float | None
    n: int
    n_reference: int
    usual: float
    reason: str = ""
    faults: int = 0

    @property
    def told(self) -> bool:
        """Whether the accuracy can be told."""
        return not self.reason

    @property
    def change(self) -> float | None:
        """How far the estimate lies above (below: negative) the reference's, in [−1, 1]; None if untold."""
        return None if self.accuracy is None or not self.told else self.accuracy - self.usual


@dataclass(frozen=True, slots=True)
class AccuracyByAgreement:
    """The accuracy in a window, as far as the agreement of several versions tells it, without an interval.

    Attributes
    ----------
    accuracy
        Of the monitored model, in [0, 1]; None where it cannot be told.
    r_squared
        How straight the pairs of models lie, in [0, 1]; None where that was not found out.
    models
        How many were asked, the monitored one among them.
    n, n_reference
        Images of the window, and of the reference with a truth, that all of them answered.
    reason
        Why it cannot be told, as a sentence without its full stop; empty where it can.
    """

    accuracy: float | None
    r_squared: float | None
    models: int
    n: int
    n_reference: int
    reason: str = ""


def _check_score(score: float | None, whose: str) -> None:
    if score is not None and not 0 <= score <= 1:
        raise UsageError(f"{whose} has the score {score:g}; a score is between 0 and 1.")
