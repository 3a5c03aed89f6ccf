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
_DOUBTS = (1e-6, 0.002, 0.005, 0.01, 0.02, 0.03, 0.045, 0.06, 0.08, 0.1, 0.13, 0.17, 0.22)
_DOUBTED = 30.0  # the doubt is exponential before anything is seen, with a mean of 1 / 30
_FLOOR = 1e-12


@dataclass(frozen=True, slots=True)
class ConfidenceCalibration:
    """How posteriors are to be sharpened or blunted.

    Attributes
    ----------
    temperature
        Posteriors are raised to the power 1 / temperature: above 1 they were too sure.
    doubt
        Share of tasks whose answers say nothing, all erring together: images that show something else. No
        confidence is above 1 − doubt · (1 − 1/k).
    n
        Tasks with known truth that it was learnt from.
    loss_before, loss_after
        Mean of −ln of the true class's posterior on these tasks; NaN where there are none.
    """

    temperature: float
    doubt: float
    n: int
    loss_before: float
    loss_after: float


def calibrate_confidence(posterior: ArrayLike, truth: ArrayLike) -> ConfidenceCalibration:
    """Return the temperature and doubt of largest posterior chance on tasks whose truth is known.

    Two numbers, drawn towards 1 and 0: with few golden tasks little is changed. The posteriors must have been
    made without the truths, as those of golden tasks in `golden_bayes` are.

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
    Source: C. Guo and others, "On calibration of modern neural networks", ICML 2017, section 4.2. The doubt
    and the priors are ours: normal on the logarithm of the temperature with a standard deviation of 0.5, and
    exponential on the doubt with a mean of 1/30.

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
        return ConfidenceCalibration(1.0, 0.0, 0, float("nan"), float("nan"))
    logs, places = np.log(np.maximum(rows[judged], _FLOOR)), (np.arange(len(judged)), known[judged])

    def loss(log_temperature: float, doubt: float) -> float:
        sharpened = posterior_of(logs / np.exp(log_temperature))[places]
        return float(-np.log((1 - doubt) * sharpened + doubt / rows.shape[1]).sum())

    found: list[tuple[float, float, float]] = []
    for doubt in _DOUBTS:

        def penalised(log_temperature: float, doubt: float = doubt) -> float:
            return loss(log_temperature, doubt) + 0.5 * (log_temperature / _SPREAD) ** 2

        best = minimize_scalar(penalised, bounds=(-3.0, 3.0), method="bounded")
        found.append((float(best.fun) + _DOUBTED * doubt, float(best.x), doubt))
    _, log_temperature, doubt = min(found)
    n = len(judged)
    before, after = loss(0.0, _FLOOR) / n, loss(log_temperature, doubt) / n
    return ConfidenceCalibration(float(np.exp(log_temperature)), doubt, n, before, after)


def calibrated(posterior: ArrayLike, calibration: ConfidenceCalibration) -> NDArray[np.float64]:
    """Return (t, k) posteriors with the temperature and doubt that were learnt; the order stays."""
    rows = np.asarray(posterior, dtype=np.float64)
    sharpened = posterior_of(np.log(np.maximum(rows, _FLOOR)) / calibration.temperature)
    return np.asarray((1 - calibration.doubt) * sharpened + calibration.doubt / rows.shape[1])
