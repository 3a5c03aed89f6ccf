"""Temperature scaling: one number that makes a model's scores as confident as it is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from driftwheel.errors import UsageError
from driftwheel.performance.score_table import as_scores, as_truth

__all__ = ["Temperature", "fit_temperature", "with_temperature"]

LOWEST, HIGHEST = 0.05, 20.0
"""Temperatures that are looked at."""

_LEAST = 1e-12  # a score of 0 has no logarithm


@dataclass(frozen=True, slots=True)
class Temperature:
    """A fitted temperature.

    Attributes
    ----------
    temperature
        In [0.05, 20]. Above 1 the scores are too sure of themselves, below 1 not sure enough.
    loss, loss_before
        Mean negative log-likelihood of the true classes with it and without, in nats.
    n
        Rows it was fitted on.
    """

    temperature: float
    loss: float
    loss_before: float
    n: int


def fit_temperature(scores: ArrayLike, truth: ArrayLike) -> Temperature:
    """Return the temperature with which the scores of the true classes are the likeliest.

    Parameters
    ----------
    scores
        (n, k) scores in [0, 1] of n images that the model was not trained on, k ≥ 2, n ≥ 1. Rows are scaled
        to add up to 1; a score of 0 counts as 10⁻¹².
    truth
        (n,) the columns of the true classes, −1 for a class that the model does not know; these rows are
        left out.

    Raises
    ------
    UsageError
        For other shapes, or when no row is left.

    Notes
    -----
    The loss has one minimum in 1 / T, since it is convex in it. It is found to a thousandth of T. From 100
    images on it is worth having. Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural
    networks", ICML 2017, section 4.2.

    Examples
    --------
    Half of the predictions made with 90 % are right: far too sure.

    >>> found = fit_temperature([[0.9, 0.1]] * 4, [0, 0, 1, 1])
    >>> found.temperature > 15
    True
    """
    table = as_scores(scores)
    if table.shape[1] < 2:
        raise UsageError("A temperature is fitted to the scores of two classes or more; there is one column.")
    columns = as_truth(truth, table)
    rows = columns >= 0
    if not rows.any():
        raise UsageError("No row has a true class that the model knows: there is nothing to fit to.")
    logits, columns = _logits(table[rows]), columns[rows]

    def loss(inverse: float) -> float:
        likelihood = log_softmax(logits * inverse, axis=1)[np.arange(len(columns)), columns]
        return -float(likelihood.mean())

    found = minimize_scalar(
        loss, bounds=(1 / HIGHEST, 1 / LOWEST), method="bounded", options={"xatol": 1e-5, "maxiter": 200}
    )
    return Temperature(1 / float(found.x), float(found.fun), loss(1.0), len(columns))


def with_temperature(scores: ArrayLike, temperature: float) -> NDArray[np.float64]:
    """Return (n, k) scores after a temperature: softmax(log(scores) / T). The named class stays the same.

    Raises
    ------
    UsageError
        For a temperature that is not above 0, or for what are no scores.

    Examples
    --------
    >>> with_temperature([[0.8, 0.2]], 2.0).round(3).tolist()
    [[0.667, 0.333]]
    """
    if not temperature > 0:
        raise UsageError(f"The temperature is {temperature:g}; expected a number above 0.")
    scaled: NDArray[np.float64] = softmax(_logits(as_scores(scores, least_rows=0)) / temperature, axis=1)
    return scaled


def _logits(table: NDArray[np.float64]) -> NDArray[np.float64]:
    logits: NDArray[np.float64] = np.log(np.maximum(table, _LEAST))
    return logits
