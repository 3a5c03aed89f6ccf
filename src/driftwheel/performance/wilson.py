"""Wilson's interval of a share, and intervals of weighted sums of several."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from driftwheel.performance.figure import LEVEL

__all__ = ["combined_interval", "wilson_interval"]


def wilson_interval(
    hits: ArrayLike, n: ArrayLike, *, level: float = LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of the interval of a share, for each pair of hits and trials.

    Parameters
    ----------
    hits, n
        Of one shape; they need not be whole (weighted answers count as their effective number). Where n is 0
        the interval is 0 to 1.
    level
        Chance that the interval holds the share, in (0, 1).

    Notes
    -----
    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927. Close to
    its level also for few trials and shares near 0 and 1 (Brown, Cai and DasGupta, 2001).

    Examples
    --------
    >>> low, high = wilson_interval(9, 10)
    >>> round(float(low), 3), round(float(high), 3)
    (0.652, 0.977)
    """
    z = float(ndtri((1 + level) / 2))
    k, trials = np.asarray(hits, np.float64), np.asarray(n, np.float64)
    some = np.where(trials > 0, trials, 1.0)
    share = np.clip(k / some, 0.0, 1.0)
    middle = (share + z**2 / (2 * some)) / (1 + z**2 / some)
    half = z / (1 + z**2 / some) * np.sqrt(share * (1 - share) / some + z**2 / (4 * some**2))
    low = np.where(trials > 0, np.maximum(middle - half, 0.0), 0.0)
    high = np.where(trials > 0, np.minimum(middle + half, 1.0), 1.0)
    return np.where(share == 0.0, 0.0, low), np.where((share == 1.0) & (trials > 0), 1.0, high)


def combined_interval(
    weights: ArrayLike,
    values: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    correlation: NDArray[np.float64] | None = None,
) -> tuple[float, float]:
    """Return the interval of Σ weight · value from the intervals of the values.

    Parameters
    ----------
    weights, values, low, high
        (k,) each; weights of 0 or more.
    correlation
        (k, k) of the values; None: they are independent.

    Notes
    -----
    MOVER, the method of variance estimates recovery: Zou and Donner, "Construction of confidence limits about
    effect measures", Statistics in Medicine 27, 2008; with correlations as in its section 2.

    Examples
    --------
    >>> low, high = combined_interval([0.5, 0.5], [0.9, 0.7], [0.8, 0.6], [0.95, 0.8])
    >>> round(low, 3), round(high, 3)
    (0.729, 0.856)
    """
    share = np.asarray(weights, np.float64)
    point = np.asarray(values, np.float64)
    middle = float(share @ point)
    among = np.eye(len(share)) if correlation is None else correlation
    down = share * (point - np.asarray(low, np.float64))
    up = share * (np.asarray(high, np.float64) - point)
    return middle - _length(down, among), middle + _length(up, among)


def _length(parts: NDArray[np.float64], among: NDArray[np.float64]) -> float:
    return math.sqrt(max(float(parts @ among @ parts), 0.0))
