"""Calibration of confidence: what "0.9 sure" has meant on tasks whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from driftwheel.agreement.confusion import posterior_of
from driftwheel.errors import UsageError

__all__ = ["ConfidenceCalibration", "calibrate_confidence", "calibrated"]

_SPREAD = 0.5  # of ln(temperature) before anything is seen: it is within a factor e with 95 %
_FLOOR = 1e-12


@dataclass(frozen=True, slots=True)
class ConfidenceCalibration:
    """How posteriors are to be sharpened or blunted.

    Attributes
    ----------
    temperature
        Posteriors are raised to the power 1 / temperature: above 1 they were too sure.
    n
        Tasks with known truth that it was learnt from.
    loss_before, loss_after
        Mean of −ln of the true class's posterior on these tasks; NaN where there are none.
    """

    temperature: float
    n: int
    loss_before: float
    loss_after: float


def calibrate_confidence(posterior: ArrayLike, truth: ArrayLike) -> ConfidenceCalibration:
    """Return the temperature of largest posterior chance on tasks whose truth is known.

    One number, drawn towards 1: with few golden tasks little is changed. The posteriors must have been made
    without the truths, as those of golden tasks in `golden_bayes` are.

    Parameters
    ----------
    posterior
        (t, k) rows that sum to 1.
    truth
        (t,) true class, −1 where it is not known.

    Raises
    ------
    UsageError
        When the shapes do not fit or a row is no distribution.

    Notes
    -----
    Source: C. Guo and others, "On calibration of modern neural networks", ICML 2017, section 4.2; the
    normal prior on the logarithm (standard deviation 0.5) is ours.

    Examples
    --------
    >>> sure, right = np.full((100, 2), [0.99, 0.01]), np.repeat([0, 1], [80, 20])
    >>> found = calibrate_confidence(sure, right)
    >>> round(float(calibrated(sure, found)[0, 0]), 1)
    0.8
    """
    rows, known = np.asarray(posterior, dtype=np.float64), np.asarray(truth, dtype=np.intp)
    if rows.ndim != 2 or known.shape != rows.shape[:1] or (known >= rows.shape[1]).any():
        raise UsageError(
            f"Posteriors of shape {rows.shape} do not fit truths of shape {known.shape}: one row a task."
        )
    if not ((rows >= 0).all() and np.allclose(rows.sum(axis=1), 1.0, atol=1e-6)):
        raise UsageError("A posterior is a row of chances ≥ 0 that sum to 1.")
    judged = np.flatnonzero(known >= 0)
    if not len(judged):
        return ConfidenceCalibration(1.0, 0, float("nan"), float("nan"))
    logs, places = np.log(np.maximum(rows[judged], _FLOOR)), (np.arange(len(judged)), known[judged])

    def loss(log_temperature: float) -> float:
        sharpened = posterior_of(logs / np.exp(log_temperature))
        return float(-np.log(np.maximum(sharpened[places], _FLOOR)).sum())

    def penalised(log_temperature: float) -> float:
        return loss(log_temperature) + 0.5 * (log_temperature / _SPREAD) ** 2

    best = float(minimize_scalar(penalised, bounds=(-3.0, 3.0), method="bounded").x)
    n = len(judged)
    return ConfidenceCalibration(float(np.exp(best)), n, loss(0.0) / n, loss(best) / n)


def calibrated(posterior: ArrayLike, calibration: ConfidenceCalibration) -> NDArray[np.float64]:
    """Return (t, k) posteriors at the temperature that was learnt; which class is largest does not change."""
    rows = np.asarray(posterior, dtype=np.float64)
    return posterior_of(np.log(np.maximum(rows, _FLOOR)) / calibration.temperature)
