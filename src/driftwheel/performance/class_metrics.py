"""Accuracy, balanced accuracy, precision, recall and F1 from a confusion matrix, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.performance.confusion import ConfusionMatrix
from driftwheel.performance.figure import NOTHING, Figure
from driftwheel.performance.wilson import combined_interval, wilson_interval

__all__ = ["ClassMetrics", "Metrics", "class_metrics"]


@dataclass(frozen=True, slots=True)
class ClassMetrics:
    """How well one class is told.

    Attributes
    ----------
    name
        The class.
    precision
        Share of the images called so that are so.
    recall
        Share of the images that are so that are called so.
    f1
        Harmonic mean of the two.
    support
        Images that are so: labels, or their effective number.
    """

    name: str
    precision: Figure
    recall: Figure
    f1: Figure
    support: float


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures from one confusion matrix. Macro: each class weighs the same; weighted: by its support.

    Attributes
    ----------
    balanced_accuracy
        Mean recall over the classes that have a label.
    """

    accuracy: Figure
    balanced_accuracy: Figure
    macro_precision: Figure
    macro_recall: Figure
    macro_f1: Figure
    weighted_precision: Figure
    weighted_recall: Figure
    weighted_f1: Figure
    classes: tuple[ClassMetrics, ...]


def class_metrics(matrix: ConfusionMatrix) -> Metrics:
    """Return all figures of a confusion matrix.

    As scikit-learn defines them with `zero_division=0`: a class that was never named has precision 0, one
    without a label recall 0; macro means go over all classes of the matrix, balanced accuracy over those with
    a label.

    Notes
    -----
    Intervals hold 90 %. Accuracy, recall and precision are shares, with Wilson's interval, recall given how
    many images are of the class, precision given how many were called so. F1 = 2 J / (1 + J) of the share
    J = TP / (TP + FP + FN), with the ends of that share's interval. Means combine the intervals of classes
    (`combined_interval`); F1 of two classes goes up and down together, since a mistake between them counts in
    both, which the multinomial of the matrix tells (delta method, on counts with ½ more in each cell).

    Examples
    --------
    >>> import numpy as np
    >>> found = class_metrics(ConfusionMatrix(("cat", "dog"), np.array([[90.0, 10.0], [20.0, 80.0]])))
    >>> found.accuracy.value, round(found.classes[1].precision.value, 3), round(found.macro_f1.value, 3)
    (0.85, 0.889, 0.85)
    """
    counts, n = matrix.counts, round(matrix.total)
    if matrix.total <= 0:
        return Metrics(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, ())
    right, support, named = np.diag(counts).copy(), counts.sum(axis=1), counts.sum(axis=0)
    either = support + named - right
    recall = _shares(right, support)
    precision = _shares(right, named)
    jaccard = _shares(right, either)
    f1 = tuple(2 * one / (1 + one) for one in jaccard)
    there = support > 0
    equal, mine = np.full(len(right), 1 / len(right)), support / support.sum()
    together = _together(counts)
    low, high = wilson_interval(right.sum(), matrix.total)
    of_present = tuple(one[there] for one in recall)
    return Metrics(
        accuracy=Figure(float(right.sum() / matrix.total), float(low), float(high), n),
        balanced_accuracy=_mean(np.full(int(there.sum()), 1 / there.sum()), of_present, n),
        macro_precision=_mean(equal, precision, n),
        macro_recall=_mean(equal, recall, n),
        macro_f1=_mean(equal, f1, n, together),
        weighted_precision=_mean(mine, precision, n),
        weighted_recall=_mean(mine, recall, n),
        weighted_f1=_mean(mine, f1, n, together),
        classes=tuple(
            ClassMetrics(
                name,
                _figure(precision, row, named[row]),
                _figure(recall, row, support[row]),
                _figure(f1, row, either[row]),
                float(support[row]),
            )
            for row, name in enumerate(matrix.classes)
        ),
    )


_Ends = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def _shares(hits: NDArray[np.float64], of: NDArray[np.float64]) -> _Ends:
    low, high = wilson_interval(hits, of)
    return np.divide(hits, of, out=np.zeros_like(hits), where=of > 0), low, high


def _figure(its: tuple[NDArray[np.float64], ...], row: int, n: float) -> Figure:
    if n <= 0:
        return NOTHING
    return Figure(float(its[0][row]), float(its[1][row]), float(its[2][row]), round(float(n)))


def _mean(
    weights: NDArray[np.float64],
    its: tuple[NDArray[np.float64], ...],
    n: int,
    correlation: NDArray[np.float64] | None = None,
) -> Figure:
    value, low, high = its
    least, most = combined_interval(weights, value, low, high, correlation=correlation)
    return Figure(float(weights @ value), max(least, 0.0), min(most, 1.0), n)


def _together(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (k, k) correlations of the F1 of the classes."""
    cells = counts + 0.5
    size = len(cells)
    right, support, named = np.diag(cells), cells.sum(axis=1), cells.sum(axis=0)
    total = support + named
    slope_right = 2 * (total - 2 * right) / total**2  # of F1 = 2 TP / (2 TP + FP + FN) by TP
    slope_wrong = -2 * right / total**2
    # An error from i to j is in the row of i and in the column of j.
    among = slope_wrong[:, None] * slope_wrong[None, :] * (cells + cells.T)
    off = cells - np.diag(right)
    own = slope_right**2 * right + slope_wrong**2 * (off.sum(axis=1) + off.sum(axis=0))
    among[np.arange(size), np.arange(size)] = own
    deviation = np.sqrt(own)
    both = np.outer(deviation, deviation)
    found: NDArray[np.float64] = np.divide(among, both, out=np.eye(size), where=both > 0)
    return found
