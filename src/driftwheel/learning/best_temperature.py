"""The temperature that makes scores as sure as they are right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

__all__ = ["best_temperature"]

Array = NDArray[np.float64]


def best_temperature(
    logits: Array, labels: NDArray[np.intp], weights: Array | None = None
) -> tuple[float, float]:
    """Return the best temperature in [0.05, 20], and the loss in nats with it.

    It is fitted with one more observation that is wrong (as Platt's targets are), so that few labels that are
    all right do not make it certain.

    Parameters
    ----------
    logits, labels
        (n, k), k ≥ 2, of images that were not learnt from, and (n,) their classes.
    weights
        (n,) at least 0, how much each counts; None: all alike.

    Notes
    -----
    Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017.

    Examples
    --------
    >>> sure = np.array([[4.0, 0.0]] * 10)
    >>> best_temperature(sure, np.array([0] * 7 + [1] * 3))[0] > 2
    True
    """
    n, k = logits.shape
    rows, wrong = np.arange(n), 1 / (n + 2)

    def loss(log_inverse: float) -> float:
        logs = log_softmax(logits * np.exp(log_inverse), axis=1)
        right = logs[rows, labels]
        other = (logs.sum(axis=1) - right) / (k - 1)
        return -float(np.average((1 - wrong) * right + wrong * other, weights=weights))

    found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(-found.x)), float(found.fun)
