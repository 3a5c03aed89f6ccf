"""Softmax regression at the penalty that does best out of fold, and what it says there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.learning.best_temperature import best_temperature
from driftwheel.learning.softmax_regression import softmax_regression

__all__ = [
    "LEAST_LABELS",
    "PENALTIES",
    "CrossFitted",
    "check_embeddings",
    "cross_fitted_regression",
    "penalties_near",
]

LEAST_LABELS = 10
"""That a head learns from."""

PENALTIES = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4)
"""That are tried, for embeddings whose mean squared length about their mean is 1."""

_PATIENCE = 2  # penalties in a row that do worse than the best, until the search ends

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CrossFitted:
    """A regression and what it says of images it has not learnt from.

    Attributes
    ----------
    coefficients
        (r + 1, k), of all rows; the last are the biases.
    logits
        (n, k) out of fold.
    temperature, loss
        The best temperature of these logits, and their loss with it, in nats.
    penalty
        The one of those tried with the least loss.
    """

    coefficients: Array
    logits: Array
    temperature: float
    loss: float
    penalty: float


def cross_fitted_regression(
    points: NDArray[np.float32],
    labels: NDArray[np.intp],
    classes: int,
    fold: NDArray[np.intp],
    *,
    penalties: Sequence[float] = PENALTIES,
    shares: Array | None = None,
) -> CrossFitted:
    """Fit a regression at each penalty, to all rows and to all but each fold, and return the best.

    The search ends after two penalties in a row that do worse than the best so far.

    Parameters
    ----------
    points
        (n, r) along principal axes (`principal_axes`).
    labels
        (n,) from 0 to classes − 1.
    classes
        k ≥ 2.
    fold
        (n,) from 0, every number up to the largest used: the part in which each row is left out.
    penalties
        At least one, the largest first: each search begins where the one before ended.
    shares
        (n,) above 0, how much each row counts in learning; None: all alike.

    Examples
    --------
    >>> points = np.array([[-1.0], [1.0]] * 10, dtype=np.float32)
    >>> found = cross_fitted_regression(points, np.array([0, 1] * 10), 2, np.arange(20) % 5)
    >>> (found.logits.argmax(axis=1) == np.array([0, 1] * 10)).all()
    np.True_
    """
    n, folds = len(points), int(fold.max()) + 1
    rows = np.arange(n)
    weights = np.repeat((np.ones(n) if shares is None else shares)[:, None], folds + 1, axis=1)
    weights[rows, fold] = 0.0  # the last column is the regression of all
    weights /= weights.sum(axis=0)
    best: CrossFitted | None = None
    found: Array | None = None
    worse = 0
    for penalty in penalties:
        found = softmax_regression(points, labels, weights, classes, penalty=penalty, start=found)
        logits = np.empty((n, classes))
        for part in range(folds):
            its = fold == part
            logits[its] = points[its] @ found[part, :-1] + found[part, -1]
        temperature, loss = best_temperature(logits, labels)
        if best is None or loss < best.loss:
            best, worse = CrossFitted(found[folds], logits, temperature, loss, penalty), 0
        else:
            worse += 1
        if worse == _PATIENCE:
            break
    if best is None:
        raise UsageError("There is no penalty to try.")
    return best


def penalties_near(before: float | None) -> tuple[float, ...]:
    """Return the penalty of the head before and those beside it; all where it is none of them."""
    if before not in PENALTIES:
        return PENALTIES
    place = PENALTIES.index(before)
    return PENALTIES[max(0, place - 1) : place + 2]


def check_embeddings(table: Array, folds: int) -> None:
    """Refuse embeddings that no head can be fitted to.

    Raises
    ------
    UsageError
        For values that are not finite, and fewer than two folds.
    """
    if not np.isfinite(table).all():
        raise UsageError("Some embeddings hold values that are not finite; leave those images out first.")
    if folds < 2:
        raise UsageError(f"`folds` is {folds}; expected at least 2.")
