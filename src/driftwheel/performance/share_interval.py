"""The range of a share in a window, from how sure its expectation is and from how many answers there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, expit, ndtri

__all__ = ["LEVEL", "share_interval"]

LEVEL = 0.9
"""Chance that the interval holds the share."""

_NODES = ndtri((np.arange(200) + 0.5) / 200)


def share_interval(mean: float, deviation: float, n: int) -> tuple[float, float]:
    """Return the central 90 % interval of the share k / n.

    k is binomial of n, and the log-odds of its probability are normal. Each end leaves out at most 5 %, so
    that the interval holds at least 90 %, for every n; with no deviation it is that of the binomial.

    Parameters
    ----------
    mean, deviation
        Of the log-odds; the deviation is not below 0.
    n
        At least 1.

    Examples
    --------
    >>> share_interval(0.0, 0.0, 10)
    (0.2, 0.8)
    >>> low, high = share_interval(3.0, 0.5, 1000)
    >>> round(low, 2), round(high, 2)
    (0.9, 0.98)
    """
    chances = expit(mean + deviation * _NODES)
    tail = (1 - LEVEL) / 2
    return _quantile(chances, n, tail) / n, _quantile(chances, n, 1 - tail) / n


def _quantile(chances: NDArray[np.float64], n: int, q: float) -> int:
    """Return the least k with a chance of at most k successes of at least q."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if float(bdtr(middle, n, chances).mean()) >= q - 1e-12:
            high = middle
        else:
            low = middle + 1
    return low
