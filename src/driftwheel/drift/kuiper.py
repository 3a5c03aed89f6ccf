"""Kuiper: Kolmogorov-Smirnov for angles, blind to where the circle is cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from driftwheel.drift.samples import as_sample
from driftwheel.errors import UsageError
from driftwheel.records import Evidence

__all__ = ["kuiper"]


def kuiper(reference: ArrayLike, current: ArrayLike, period: float = 360.0) -> Evidence:
    """Test whether two samples of an angle come from one distribution.

    Parameters
    ----------
    reference, current
        One-dimensional, in the unit of `period`, any branch; NaN and infinite values are removed.
    period
        The length of the circle, > 0.

    Returns
    -------
    Evidence
        `statistic` = `effect` = sup (F − G) + sup (G − F) in [0, 1], the same wherever the circle is cut.
        `p_value`: the limit with Stephens' finite-sample term, meant for 20 values a sample or more; ties
        make it too large. No value left in a sample: NaN with p = 1.

    Notes
    -----
    Source: Kuiper 1960; Stephens, "Use of the Kolmogorov-Smirnov, Cramér-von Mises and related statistics",
    1970.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> hue = rng.normal(0.0, 10.0, 200)  # red, around the cut at 0°
    >>> kuiper(hue, hue + 360.0).statistic
    0.0
    >>> kuiper(hue, rng.normal(8.0, 10.0, 200)).p_value < 0.001
    True
    """
    if not period > 0:
        raise UsageError(f"`period` is {period}; expected a number above 0, such as 360 degrees.")
    first = np.sort(_wrapped(reference, "reference", period))
    second = np.sort(_wrapped(current, "current", period))
    n, m = first.size, second.size
    if n == 0 or m == 0:
        return Evidence("kuiper", float("nan"), 1.0, float("nan"), n, m)
    pooled = np.concatenate((first, second))
    steps = (
        np.searchsorted(first, pooled, side="right") * m - np.searchsorted(second, pooled, side="right") * n
    )
    statistic = (max(int(steps.max()), 0) - min(int(steps.min()), 0)) / (n * m)
    root = np.sqrt(n * m / (n + m))
    return Evidence("kuiper", statistic, _tail((root + 0.155 + 0.24 / root) * statistic), statistic, n, m)


def _wrapped(values: ArrayLike, name: str, period: float) -> np.ndarray:
    # Rounding keeps 359.99999999999994 and −5.7e−14 the one angle that they are.
    wrapped = np.round(np.mod(as_sample(values, name).astype(np.float64), period) / period, 12)
    return np.where(wrapped == 1.0, 0.0, wrapped)


def _tail(z: float) -> float:
    """Kuiper's limit, 2 Σ (4 j² z² − 1) exp(−2 j² z²)."""
    if z < 0.4:
        return 1.0  # to 1e-7, and the sum would need ever more terms
    square = (np.arange(1, 101) * z) ** 2
    return float(np.clip(2 * np.sum((4 * square - 1) * np.exp(-2 * square)), 0.0, 1.0))
