"""Softmax regression: linear classifiers for several weightings of the same rows, fitted together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

__all__ = ["softmax_regression"]

Array = NDArray[np.float64]

_ROUNDS = 200
_BIAS_PENALTY = 1e-6  # so that classes that are all of one weighting have a finite bias


def softmax_regression(
    points: NDArray[np.float32],
    labels: NDArray[np.intp],
    weights: Array,
    classes: int,
    *,
    penalty: float,
    start: Array | None = None,
    offsets: Array | None = None,
) -> Array:
    """Return (f, r + 1, k) coefficients of f classifiers, the last row of each its bias.

    Each minimises the mean cross-entropy under its weighting plus penalty / 2 times the squared coefficients.

    Parameters
    ----------
    points
        (n, r) with columns that do not correlate, as principal axes give them: then a scale for each column
        is all the preconditioning that the search needs.
    labels
        (n,) from 0 to k − 1.
    weights
        (n, f) at least 0, each column with a sum of 1. Cross-validation is one column with zeros for each
        fold that is left out, and f classifiers in one search cost little more than one.
    classes
        k ≥ 2.
    penalty
        Above 0. The bias has next to none.
    start
        Coefficients to begin with, such as those of the next larger penalty. The minimum is the same.
    offsets
        (n, k) logits of a classifier there was before, which these are added to: the penalty then pulls back
        to that one, and not to nothing.

    Examples
    --------
    >>> points = np.array([[-1.0], [1.0]], dtype=np.float32)
    >>> both = np.full((2, 1), 0.5)
    >>> found = softmax_regression(points, np.array([0, 1]), both, 2, penalty=0.1)
    >>> found.round(2).tolist()
    [[[-1.06, 1.06], [0.0, 0.0]]]
    """
    n, r = points.shape
    folds = weights.shape[1]
    table = np.hstack((points, np.ones((n, 1), np.float32)))
    shrink = np.append(np.full(r, penalty), _BIAS_PENALTY)[:, None]
    spread = np.append(np.einsum("ij,ij->j", points, points) / n, 1.0)
    scale = 1 / np.sqrt(0.25 * spread[:, None] + shrink)
    wanted = np.zeros((n, 1, classes))
    wanted[np.arange(n), 0, labels] = 1.0
    rows = np.arange(n)
    before = 0.0 if offsets is None else offsets[:, None, :]

    def loss(flat: Array) -> tuple[float, Array]:
        found = flat.reshape(r + 1, folds * classes) * scale
        logits = (table @ found.astype(np.float32)).astype(np.float64).reshape(n, folds, classes) + before
        logs = log_softmax(logits, axis=2)
        total = -float((logs[rows, :, labels] * weights).sum()) + 0.5 * float((shrink * found**2).sum())
        pull = ((np.exp(logs) - wanted) * weights[:, :, None]).reshape(n, folds * classes)
        slope = (table.T @ pull.astype(np.float32)).astype(np.float64) + shrink * found
        return total, (slope * scale).ravel()

    first = np.zeros((r + 1, folds * classes))
    if start is not None:
        first = start.transpose(1, 0, 2).reshape(r + 1, folds * classes) / scale
    begin: Any = first.ravel()  # the stubs know no gradient beside the value
    options: Any = {"maxiter": _ROUNDS, "ftol": 1e-7, "gtol": 1e-5}
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options=options)
    fitted = np.asarray(found.x).reshape(r + 1, folds * classes) * scale
    return np.asarray(fitted.reshape(r + 1, folds, classes).transpose(1, 0, 2))
