"""Prediction: where the next window's value lies, if it varies as the windows before it did."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from driftwheel.monitors.signal import Side

__all__ = ["Predicted", "bounds", "p_value_of", "predict"]

_PRIOR_CORRELATION = 0.3  # of neighbouring windows, as long as few of them say otherwise
_PRIOR_WINDOWS = 5
_MOST_CORRELATION = 0.9


@dataclass(frozen=True, slots=True)
class Predicted:
    """Student's t distribution of the next value: `centre` ± `scale`, with `freedom` degrees of freedom."""

    centre: float
    scale: float
    freedom: float


def predict(past: ArrayLike, sampling: ArrayLike, sampling_now: float, least_scale: float = 0.0) -> Predicted:
    """Return the distribution of the next value.

    Windows vary by more than their samples do, and a window is like the one before it. So the variance is
    that between the past windows, made larger by what their correlation hides: the autocorrelation is
    estimated from them, drawn to 0.3 as if by five windows more. Measured false alarms of windows that are
    independent or correlated by up to 0.8: 0.5 to 1.1 times the stated rate, from five windows on.

    Parameters
    ----------
    past
        (m,) values, the oldest first, on a scale on which they are about normal; m ≥ 2.
    sampling
        (m,) variances that the values would have if every window were like every other.
    sampling_now
        The same of the next window.
    least_scale
        Scales below are raised to this: what rounding and small change amount to.

    References
    ----------
    M. G. Kendall, "Note on bias in the estimation of autocorrelation", Biometrika 41 (1954).
    """
    values = np.asarray(past, np.float64)
    variances = np.asarray(sampling, np.float64)
    m = values.size
    between = _between(values, variances)
    weights = _weights(variances, between)
    centre = float(np.average(values, weights=weights))
    deviations = (values - centre) * np.sqrt(weights * m / weights.sum())
    correlation = _correlation(deviations)
    lags = np.arange(1, m)
    shared = 2 * (1 - lags / m)
    of_mean = float(1 + (shared * correlation**lags).sum()) / m  # variance of the mean, in variances
    hidden = max((1 - of_mean) * m / (m - 1), 0.05)
    between /= hidden
    typical = float(np.average(variances, weights=weights))
    variance = between + sampling_now + (between + typical) * of_mean
    freedom = max(m / float(1 + (shared * correlation ** (2 * lags)).sum()) - 1, 1.5)
    return Predicted(centre, max(math.sqrt(variance), least_scale), freedom)


def p_value_of(value: float, predicted: Predicted, side: Side) -> float:
    """Return the chance of a value that far out, on the side (or on either) where it would be unusual."""
    if predicted.scale == 0:
        return 1.0 if value == predicted.centre else 0.0
    t = (value - predicted.centre) / predicted.scale
    above, below = float(stdtr(predicted.freedom, -t)), float(stdtr(predicted.freedom, t))
    if side == "either":
        return min(1.0, 2 * min(above, below))
    return above if side == "above" else below


def bounds(predicted: Predicted, alpha: float, side: Side) -> tuple[float, float]:
    """Return the range outside of which a p-value is below alpha; infinite on a side that is open."""
    tail = alpha / 2 if side == "either" else alpha
    reach = -float(stdtrit(predicted.freedom, tail)) * predicted.scale
    low = -math.inf if side == "above" else predicted.centre - reach
    high = math.inf if side == "below" else predicted.centre + reach
    return low, high


def _between(values: NDArray[np.float64], variances: NDArray[np.float64]) -> float:
    """Return the variance between windows that is left beside that of their samples (Paule and Mandel)."""
    m = values.size
    low, high = 0.0, float(values.var(ddof=1)) + float(variances.max())
    if variances.max() == 0:
        return high
    for _ in range(20):
        middle = (low + high) / 2
        weights = _weights(variances, middle)
        centre = np.average(values, weights=weights)
        if float((weights * (values - centre) ** 2).sum()) > m - 1:
            low = middle
        else:
            high = middle
    return low


def _weights(variances: NDArray[np.float64], between: float) -> NDArray[np.float64]:
    spread = between + variances
    weights: NDArray[np.float64] = np.ones(spread.size) if spread.min() <= 0 else 1 / spread
    return weights


def _correlation(deviations: NDArray[np.float64]) -> float:
    """Return the autocorrelation of neighbours, unbiased to first order and drawn to the prior."""
    m = deviations.size
    squares = float((deviations**2).sum())
    if squares == 0:
        return _PRIOR_CORRELATION
    found = float((deviations[1:] * deviations[:-1]).sum()) / squares
    found += (1 + 3 * found) / m
    drawn = (m * found + _PRIOR_WINDOWS * _PRIOR_CORRELATION) / (m + _PRIOR_WINDOWS)
    return min(max(drawn, 0.0), _MOST_CORRELATION)
