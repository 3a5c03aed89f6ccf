"""Disagreement between two versions of a detector on the boxes of an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from driftwheel.errors import UsageError
from driftwheel.predictions import Detection
from driftwheel.selection.box_overlap import box_overlaps

__all__ = ["box_disagreement"]


def box_disagreement(
    left: Sequence[Detection | None],
    right: Sequence[Detection | None],
    *,
    overlap: float = 0.5,
    least_score: float = 0.5,
) -> NDArray[np.float64]:
    """Return (n,) disagreements in [0, 1]: 1 − F₁ of the boxes of one version against those of the other.

    Parameters
    ----------
    left, right
        n answers each, of the same images. None: this version was not asked.
    overlap
        Two boxes of one class are the same object from this intersection over union on. The pairing is the
        one with the most overlap in all.
    least_score
        Boxes with a lower score are left out: what a version is not sure of is doubt and not disagreement.
        A box without a score counts.

    Returns
    -------
    (n,): 0 where every box has its partner (also where neither has boxes), 1 where none has; NaN where a
    version was not asked.

    Raises
    ------
    UsageError
        For unequal numbers of answers.

    Examples
    --------
    >>> from driftwheel.predictions import Box
    >>> cup, spoon = Box("cup", 0, 0, 10, 10, score=0.9), Box("spoon", 20, 0, 5, 10, score=0.8)
    >>> box_disagreement([Detection((cup, spoon)), Detection()], [Detection((cup,)), None]).round(3)
    array([0.333,   nan])
    """
    if len(left) != len(right):
        raise UsageError(f"One version answered for {len(left)} images and the other for {len(right)}.")
    pairs = zip(left, right, strict=True)
    return np.array([_disagreement(a, b, overlap, least_score) for a, b in pairs], dtype=np.float64)


def _disagreement(a: Detection | None, b: Detection | None, overlap: float, least_score: float) -> float:
    if a is None or b is None:
        return np.nan
    first, second = (
        [box for box in one.boxes if box.score is None or box.score >= least_score] for one in (a, b)
    )
    boxes = len(first) + len(second)
    if boxes == 0:
        return 0.0
    if not first or not second:
        return 1.0
    same = np.equal.outer([box.label for box in first], [box.label for box in second])
    overlaps = box_overlaps(first, second)
    fitting = np.where(same & (overlaps >= overlap), overlaps, 0.0)
    rows, columns = linear_sum_assignment(fitting, maximize=True)
    return 1 - 2 * int(np.count_nonzero(fitting[rows, columns])) / boxes
