"""Matching of two people's boxes in one image: the assignment of largest overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from driftwheel.box_overlap import box_overlap
from driftwheel.errors import UsageError

__all__ = ["LEAST_OVERLAP", "Matches", "match_boxes", "match_overlaps"]

LEAST_OVERLAP = 0.5
"""Intersection over union from which on two boxes may be of one object."""

_OTHER_CLASS = 0.5  # a pair of two classes counts half: of two objects in one place each finds its own


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Which box belongs to which.

    Attributes
    ----------
    first, second
        (p,) rows of the matched boxes, by `first` ascending.
    overlap
        (p,) their intersection over union, at least the least one asked for.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    overlap: NDArray[np.float64]


def match_boxes(
    first: ArrayLike,
    second: ArrayLike,
    first_labels: ArrayLike | None = None,
    second_labels: ArrayLike | None = None,
    *,
    least: float = LEAST_OVERLAP,
) -> Matches:
    """Return the pairs of boxes, each box in one at most, with the largest sum of overlaps.

    Pairs below `least` are never made. Boxes of two classes may be a pair, since people differ over the class
    of what they see, but their overlap counts half when pairs are chosen.

    Parameters
    ----------
    first, second
        (a, 5) and (b, 5) boxes, see `box_overlap`.
    first_labels, second_labels
        (a,) and (b,) class numbers; None: all of one class.

    Raises
    ------
    UsageError
        Unless 0 < least ≤ 1, or for labels that do not fit.

    Examples
    --------
    >>> found = match_boxes([[0, 0, 9, 9, 0], [50, 0, 9, 9, 0]], [[51, 0, 9, 9, 0]])
    >>> found.first.tolist(), found.second.tolist(), found.overlap.round(2).tolist()
    ([1], [0], [0.8])
    """
    return match_overlaps(box_overlap(first, second), first_labels, second_labels, least=least)


def match_overlaps(
    overlap: NDArray[np.float64],
    first_labels: ArrayLike | None = None,
    second_labels: ArrayLike | None = None,
    *,
    least: float = LEAST_OVERLAP,
) -> Matches:
    """Return the same pairs from (a, b) overlaps that are known."""
    if not 0 < least <= 1:
        raise UsageError(f"A least overlap of {least:g}; expected a share above 0 and up to 1.")
    labels = [
        np.zeros(size, np.intp) if given is None else np.asarray(given, np.intp)
        for given, size in zip((first_labels, second_labels), overlap.shape, strict=True)
    ]
    if labels[0].shape + labels[1].shape != overlap.shape:
        raise UsageError(f"{labels[0].shape} and {labels[1].shape} labels for {overlap.shape} boxes.")
    weight = overlap * np.where(labels[0][:, None] == labels[1], 1.0, _OTHER_CLASS)
    weight = np.where(overlap >= least, weight, 0.0)
    rows, columns = linear_sum_assignment(weight, maximize=True)
    made = weight[rows, columns] > 0
    rows, columns = rows[made], columns[made]
    return Matches(
        np.asarray(rows, np.intp), np.asarray(columns, np.intp), np.asarray(overlap[rows, columns])
    )
