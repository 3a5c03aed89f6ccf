"""The distribution of the two-sample Kolmogorov-Smirnov statistic when nothing changed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, kolmogorov

__all__ = ["smirnov_p_values"]

EXACT_PRODUCT = 250_000
"""Unequal samples are exact up to this product of sizes; equal samples always are."""


def smirnov_p_values(
    statistics: ArrayLike, n: int, m: int, tie_ends: NDArray[np.intp] | None = None
) -> NDArray[np.float64]:
    """Return P(D ≥ d) for each statistic d of two samples of sizes n and m from one distribution.

    - ``n == m`` and no ties: exact, by the reflection principle (Gnedenko and Korolyuk 1951).
    - ``n · m ≤ 250,000``: exact, by counting lattice paths (Hodges 1958), in probabilities along
      anti-diagonals, so small p-values keep their relative accuracy. With `tie_ends`, exact given the ties
      (Schröer and Trenkler 1995).
    - else Kolmogorov's limit at the effective size n·m/(n+m), with Vrbik's (2018) finite-sample term and half
      a lattice step for continuity: with both sizes ≥ 30 it is −2 % to +5 % off for p ≥ 0.01, up to +10 %
      for p ≥ 0.001, and too large rather than too small beyond.

    Without `tie_ends`, tied data get a p-value that is too large, never too small.

    Parameters
    ----------
    statistics
        Any shape, in [0, 1].
    n, m
        Sample sizes; if one is 0 every p-value is 1.
    tie_ends
        Ascending numbers k such that the k-th and (k+1)-th smallest pooled values differ, with n + m last;
        None: no ties.

    Returns
    -------
    p-values in [0, 1], of the shape of `statistics`.

    Examples
    --------
    >>> smirnov_p_values([1.0, 2 / 3], 3, 3).round(6)
    array([0.1, 0.6])
    """
    d = np.asarray(statistics, dtype=np.float64)
    if n == 0 or m == 0:
        return np.ones(d.shape)
    unique, inverse = np.unique(d.ravel(), return_inverse=True)
    if n == m and tie_ends is None:
        p = _equal_sizes(np.rint(unique * n), n)
    elif n * m <= EXACT_PRODUCT:
        p = _lattice_paths(np.rint(unique * n * m), n, m, tie_ends)
    else:
        p = _limit(unique, n, m)
    return np.clip(p, 0.0, 1.0)[inverse].reshape(d.shape)


def _equal_sizes(heights: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """P(D ≥ h/n) for n == m: 2 Σ_k (−1)^(k−1) C(2n, n−kh) / C(2n, n)."""
    p = np.ones(heights.shape)
    for index, h in enumerate(heights):
        if h <= 0:
            continue
        shift = np.arange(1, n // int(h) + 1) * h
        logs = 2 * gammaln(n + 1) - gammaln(n - shift + 1) - gammaln(n + shift + 1)
        terms = np.exp(logs[logs > -745])
        terms[1::2] *= -1
        p[index] = 2 * terms.sum()
    return p


def _lattice_paths(
    heights: NDArray[np.float64], n: int, m: int, tie_ends: NDArray[np.intp] | None
) -> NDArray[np.float64]:
    """P(D ≥ h/(nm)): the chance that a random lattice path from (0, 0) to (small, large) leaves the band.

    After s steps `outside[c, i]` is the chance that a path to the point with i steps of the smaller sample
    has been outside band c at any checked step so far.
    """
    small, large = min(n, m), max(n, m)
    total = n + m
    checked = np.ones(total + 1, dtype=bool)
    if tie_ends is not None:
        checked[:] = False
        checked[tie_ends] = True
    steps = np.arange(small + 1)
    outside = np.zeros((heights.size, small + 2))  # column 0 is a guard of weight zero
    outside[heights <= 0] = 1.0
    body = outside[:, 1:]
    for s in range(1, total + 1):
        low, high = max(0, s - large), min(small, s)
        weight = steps[low : high + 1] / s
        arrived = outside[:, low : high + 1] * weight
        window = body[:, low : high + 1]
        window *= 1.0 - weight
        window += arrived
        if checked[s]:
            distance = np.abs(steps[low : high + 1] * total - s * small)
            window[distance >= np.maximum(heights, 1)[:, None]] = 1.0
    return body[:, small].copy()


def _limit(statistics: NDArray[np.float64], n: int, m: int) -> NDArray[np.float64]:
    root = np.sqrt(n * m / (n + m))
    z = (statistics - 0.5 * np.gcd(n, m) / (n * m)) * root
    corrected = z + 1.0 / (6.0 * root) + (z - 1.0) / (4.0 * root**2)
    return np.asarray(kolmogorov(np.maximum(corrected, 0.0)), dtype=np.float64)
