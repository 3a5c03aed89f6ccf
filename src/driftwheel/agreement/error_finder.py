"""The error finder: which labels are likely wrong, by confident learning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from driftwheel.errors import UsageError

__all__ = ["LabelErrors", "find_label_errors"]

_SMOOTH = 0.5  # items added to each pair of classes
_FLOOR = 1e-3  # added to probabilities: below that models differ by nothing that they know
_TRUST = 0.5  # power of the estimated share of mistakes


@dataclass(frozen=True, slots=True, eq=False)
class LabelErrors:
    """Labels by suspicion.

    Attributes
    ----------
    order
        (n,) rows, the most suspicious first.
    suspicion
        (n,) in [0, 1], by row; it orders, and is no chance.
    suggested
        (n,) the class that is likelier than the label, or the likeliest: what to offer instead.
    likely_wrong
        (n,) the rows that confident learning counts as errors.
    joint
        (k, k) estimated number of items labelled [i] whose true class is [j]; sums to n.
    """

    order: NDArray[np.intp]
    suspicion: NDArray[np.float64]
    suggested: NDArray[np.intp]
    likely_wrong: NDArray[np.bool_]
    joint: NDArray[np.float64]

    @property
    def n_errors(self) -> float:
        """Estimated number of wrong labels."""
        return float(self.joint.sum() - np.trace(self.joint))


def find_label_errors(labels: ArrayLike, probabilities: ArrayLike) -> LabelErrors:
    """Return the labels in the order of suspicion that they are wrong.

    Parameters
    ----------
    labels
        (n,) class numbers: imported labels, or a consensus.
    probabilities
        (n, k) of a model that did not learn from the row's own label (cross-validation); rows sum to 1.

    Raises
    ------
    UsageError
        For fewer than two classes, labels or rows that do not fit.

    Notes
    -----
    A class's threshold is the mean probability that its own items get. An item counts as of the class with
    the largest probability among those at or above their threshold; counted by label, calibrated to the
    number of each label, that is the joint. The suspicion weighs the likeliest other class c against the
    label: the probability of c times the square root of how often c is mislabelled so, as the joint has it.
    (The whole factor would trust an estimate from few errors too much.)

    References
    ----------
    C. Northcutt, L. Jiang, I. Chuang, "Confident learning: estimating uncertainty in dataset labels", Journal
    of Artificial Intelligence Research 70 (2021), equations 1 to 3.

    Examples
    --------
    >>> sure = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.05, 0.95]])
    >>> found = find_label_errors([0, 0, 1, 0], sure)
    >>> int(found.order[0]), found.likely_wrong.tolist()
    (3, [False, False, False, True])
    """
    given, chances = np.asarray(labels, dtype=np.intp), np.asarray(probabilities, dtype=np.float64)
    n = len(given)
    if chances.ndim != 2 or chances.shape[1] < 2 or given.shape != (len(chances),):
        raise UsageError(
            f"Labels of shape {given.shape} and probabilities of shape {chances.shape}: expected a label and "
            "a row of at least two probabilities an item."
        )
    k = chances.shape[1]
    if n and (given.min() < 0 or given.max() >= k):
        raise UsageError(f"A label is not one of the {k} classes, 0 to {k - 1}.")
    if not ((chances >= 0).all() and np.allclose(chances.sum(axis=1), 1.0, atol=1e-3)):
        raise UsageError("Probabilities are rows of numbers ≥ 0 that sum to 1, without NaN.")
    counts = np.bincount(given, minlength=k)
    own = chances[np.arange(n), given]
    mean = np.bincount(given, weights=own, minlength=k)
    thresholds = np.where(counts > 0, mean / np.maximum(counts, 1), 1.0)
    joint = _joint(given, chances, thresholds, counts)
    mistaken = (joint + _SMOOTH) / (joint + _SMOOTH).sum(axis=0)
    scores = np.log(chances + _FLOOR) + _TRUST * np.log(mistaken[given])
    others = scores.copy()
    others[np.arange(n), given] = -np.inf
    suggested = others.argmax(axis=1).astype(np.intp)
    margin = others[np.arange(n), suggested] - scores[np.arange(n), given]
    order = np.lexsort((np.arange(n), own, -margin)).astype(np.intp)
    suspicion = expit(margin)
    return LabelErrors(order, suspicion, suggested, _likely_wrong(given, chances, joint), joint)


def _joint(
    labels: NDArray[np.intp],
    chances: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    counts: NDArray[np.intp],
) -> NDArray[np.float64]:
    k = chances.shape[1]
    confident = np.where(chances >= thresholds, chances, -1.0)
    counted = confident.max(axis=1, initial=-1.0) >= 0
    places = labels[counted] * k + confident[counted].argmax(axis=1)
    table = np.bincount(places, minlength=k * k).reshape(k, k).astype(np.float64)
    empty = table.sum(axis=1) == 0
    table[empty, empty] = 1.0
    return np.asarray(table / table.sum(axis=1, keepdims=True) * counts[:, None])


def _likely_wrong(
    labels: NDArray[np.intp], chances: NDArray[np.float64], joint: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return, for each pair of classes, as many items of the largest margin as the joint says (rounded)."""
    found = np.zeros(len(labels), np.bool_)
    for i, j in np.argwhere(np.rint(joint) > 0):
        if i == j:
            continue
        rows = np.flatnonzero(labels == i)
        margin = chances[rows, j] - chances[rows, i]
        first = rows[np.argsort(-margin, kind="stable")][: int(np.rint(joint[i, j]))]
        found[first] = True
    return np.asarray(found & (chances.argmax(axis=1) != labels))
