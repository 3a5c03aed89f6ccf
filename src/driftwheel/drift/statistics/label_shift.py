"""Label shift: whether predicted classes come in another mix, under permutations that all tests share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from driftwheel.drift.statistics.permutations import check_labels, observed_labels, permutation_p_value
from driftwheel.drift.statistics.tail import tail_p_value
from driftwheel.errors import UsageError

__all__ = ["LabelShift", "label_shift", "predicted_classes"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelShift:
    """The mix of k predicted classes, reference against current, as observed and under B permutations.

    Attributes
    ----------
    observed, null
        Pearson's χ² ≥ 0, and (B,) under each permutation. Statistics that are equal in exact arithmetic are
        equal here.
    class_p_values
        (k,) whether the share of each class changed, corrected over classes (Westfall and Young's single-step
        max T); 1 for a class that nobody predicted.
    reference_counts, current_counts
        (k,) images.
    """

    observed: float
    null: NDArray[np.float64]
    class_p_values: NDArray[np.float64]
    reference_counts: NDArray[np.int64]
    current_counts: NDArray[np.int64]

    def p_value(self) -> float:
        """Return the permutation p-value, valid at any number of images and classes."""
        return permutation_p_value(self.observed, self.null)


def label_shift(
    reference: NDArray[np.integer],
    current: NDArray[np.integer],
    classes: int,
    labels: NDArray[np.bool_],
) -> LabelShift:
    """Test whether the predicted classes of a current sample come in the mix of the reference.

    Parameters
    ----------
    reference, current
        (n,) and (m,) class numbers from 0, −1 where the model gave none: those images are left out, under
        every permutation with the label they happen to have.
    classes
        k. A class that is empty on one side counts in full; one that is empty on both takes no part. The
        null is that of the permutations, so a class of one image is no matter.
    labels
        (B, n + m) bool from `draw_labels`; give the same to other tests, and their nulls belong together.

    Raises
    ------
    UsageError
        For a class number of k or more.

    Examples
    --------
    >>> from driftwheel.drift.statistics.permutations import draw_labels
    >>> labels = draw_labels(60, 40, 199, np.random.default_rng(0))
    >>> found = label_shift(np.repeat([0, 1], 30), np.repeat([0, 1, 2], [20, 12, 8]), 4, labels)
    >>> found.p_value() < 0.01, found.current_counts
    (True, array([20, 12,  8,  0]))
    """
    n, m = len(reference), len(current)
    check_labels(labels, n, m)
    codes = np.concatenate((reference, current))
    if codes.size and int(codes.max()) >= classes:
        raise UsageError(
            f"There is a class number {int(codes.max())}; with {classes} classes the last is {classes - 1}."
        )
    rows = np.flatnonzero(codes >= 0)
    member = csr_array((np.ones(rows.size, np.float32), (codes[rows], rows)), shape=(classes, n + m))
    called_current = ~np.concatenate((observed_labels(n, m)[None], labels))
    tables = np.rint(member @ called_current.T.astype(np.float32)).astype(np.int64).T
    pooled = np.bincount(codes[rows], minlength=classes)
    squares = _squared_residuals(tables, pooled)
    unlike = pooled.sum() - pooled
    statistics = (squares * (unlike / max(int(pooled.sum()), 1))).sum(axis=1)
    largest = squares[1:].max(axis=1, initial=0.0)
    p_values = np.where(pooled > 0, tail_p_value(squares[0], largest), 1.0)
    return LabelShift(float(statistics[0]), statistics[1:], p_values, pooled - tables[0], tables[0])


def predicted_classes(scores: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return the (n,) class with the largest of (n, k) scores, the first of equals; −1 where one is NaN.

    Examples
    --------
    >>> predicted_classes(np.array([[0.2, 0.8], [np.nan, np.nan], [0.5, 0.5]]))
    array([ 1, -1,  0])
    """
    if scores.shape[1] == 0:
        return np.full(len(scores), -1, np.intp)
    undefined = np.isnan(scores).any(axis=1)
    return np.where(undefined, -1, np.where(undefined[:, None], 0, scores).argmax(axis=1))


def _squared_residuals(tables: NDArray[np.int64], pooled: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (B, k) squared standardised residuals of current counts, about 1 on average without a change."""
    total = int(pooled.sum())
    size = tables.sum(axis=1, keepdims=True)
    share = pooled / max(total, 1)
    variance = size * share * (1 - share) * ((total - size) / max(total, 1))
    away = (tables - size * share) ** 2
    return np.asarray(np.where(variance > 0, away / np.where(variance > 0, variance, 1.0), 0.0))
