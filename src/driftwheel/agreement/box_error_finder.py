"""The error finder for boxes: labels that a detector contradicts, by suspicion and by kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.box_answers import DrawnBox
from driftwheel.agreement.class_answers import Key
from driftwheel.box_overlap import box_overlap
from driftwheel.errors import UsageError

__all__ = ["BoxSuspicion", "ScoredBox", "find_box_errors"]

_TOUCH = 0.5  # overlap of boxes that may be of one object
_NEAR = 0.1  # overlap below which nothing is near
_SWAPPED = 0.75  # overlap of boxes that are of one object


@dataclass(frozen=True, slots=True)
class ScoredBox:
    """A detector's box and its score in [0, 1]; the detector has not learned from the image's own labels."""

    box: DrawnBox
    score: float

    def __post_init__(self) -> None:
        if not 0 <= self.score <= 1:
            raise UsageError(f"A predicted box has the score {self.score:g}; a score is between 0 and 1.")


@dataclass(frozen=True, slots=True)
class BoxSuspicion:
    """A label that may be wrong, or one that may be missing.

    Attributes
    ----------
    task
        Key.
    kind
        ``"missing"``: the detector is sure of a box where none is drawn. ``"extra"``: a box is drawn where
        it sees nothing. ``"class"``: it sees another class there. ``"place"``: it sees the object beside.
    suspicion
        In [0, 1].
    labelled
        The number of the drawn box; None where one is missing.
    suggested
        The detector's box to offer instead; None: remove it.
    """

    task: Key
    kind: Literal["missing", "extra", "class", "place"]
    suspicion: float
    labelled: int | None
    suggested: DrawnBox | None


def find_box_errors(
    task: Key, labelled: Sequence[DrawnBox], predicted: Sequence[ScoredBox], *, sure: float = 0.5
) -> tuple[BoxSuspicion, ...]:
    """Return what the detector contradicts in one image, the most suspicious first.

    Each drawn box has one suspicion at most; sort those of all images together for the review page.

    Parameters
    ----------
    labelled
        What people drew, or an import brought.
    predicted
        All boxes of the detector down to a low score (0.05, say).
    sure
        Predictions with a lower score neither miss a box nor move one.

    Notes
    -----
    After U. Tkachenko, A. Thyagarajan, J. Mueller, "ObjectLab: automated diagnosis of mislabeled images in
    object detection data", ICML DataPerf 2023: its overlooked, badly located and swapped boxes; and extra.

    Examples
    --------
    >>> car = DrawnBox("car", 0, 0, 10, 10)
    >>> found = find_box_errors("t", [car], [ScoredBox(DrawnBox("bus", 0, 0, 10, 10), 0.9)])
    >>> [(one.kind, round(one.suspicion, 2), one.suggested.label) for one in found]
    [('class', 0.9, 'bus')]
    """
    drawn = np.array([_place(box) for box in labelled]).reshape(-1, 5)
    seen = np.array([_place(one.box) for one in predicted]).reshape(-1, 5)
    overlap, of_seen = box_overlap(drawn, seen), box_overlap(seen, seen)
    scores = np.array([one.score for one in predicted])
    classes = np.array([one.box.label for one in predicted], dtype=object)
    found: list[BoxSuspicion] = []
    for number, box in enumerate(labelled):
        row, same = overlap[number], classes == box.label
        suspicions = [_extra(row, scores), _class(row, scores, same), _place_off(row, scores, same, sure)]
        best = max(suspicions, key=lambda one: one[1])
        if best[1] > 0:
            suggested = predicted[best[2]].box if best[2] is not None else None
            found.append(BoxSuspicion(task, best[0], best[1], number, suggested))
    missing: list[int] = []
    for number in np.argsort(-scores, kind="stable"):
        reach = float(overlap[:, number].max(initial=0.0))
        doubled = bool((of_seen[number, missing] >= _TOUCH).any())
        if scores[number] >= sure and reach < _TOUCH and not doubled:
            missing.append(int(number))
            suspicion = float(scores[number] * (1 - reach))
            found.append(BoxSuspicion(task, "missing", suspicion, None, predicted[number].box))
    return tuple(sorted(found, key=lambda one: -one.suspicion))


_Floats = NDArray[np.float64]
_Found = tuple[Literal["missing", "extra", "class", "place"], float, int | None]


def _extra(row: _Floats, scores: _Floats) -> _Found:
    near = np.clip((row - _NEAR) / (_TOUCH - _NEAR), 0.0, 1.0)
    return "extra", 1.0 - float((scores * near).max(initial=0.0)), None


def _class(row: _Floats, scores: _Floats, same: NDArray[np.bool_]) -> _Found:
    there = row >= _SWAPPED
    own = float(scores[there & same].max(initial=0.0))
    others = np.where(there & ~same, scores, 0.0)
    best = int(others.argmax()) if len(others) else 0
    return "class", max(0.0, float(others.max(initial=0.0)) - own), best


def _place_off(row: _Floats, scores: _Floats, same: NDArray[np.bool_], sure: float) -> _Found:
    there = same & (row >= _NEAR) & (scores >= sure)
    if not there.any():
        return "place", 0.0, None
    best = int(np.where(there, row, -1.0).argmax())
    return "place", float(scores[best] * (1.0 - row[best])), best


def _place(box: DrawnBox) -> tuple[float, ...]:
    return box.x, box.y, box.width, box.height, box.rotation
