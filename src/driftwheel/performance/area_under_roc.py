"""The area under the ROC curve from counts of scores, with DeLong's interval."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError
from driftwheel.performance.figure import NOTHING, Figure
from driftwheel.performance.wilson import wilson_interval

__all__ = ["area_under_roc", "macro_area"]


def area_under_roc(negatives: ArrayLike, positives: ArrayLike) -> Figure:
    """Return the chance that a score where the class is true lies above one where it is not.

    Parameters
    ----------
    negatives, positives
        (b,) counts of scores by bin, from the lowest scores to the highest. Scores in one bin are ties, which
        count half.

    Raises
    ------
    UsageError
        For tables of unequal length.

    Notes
    -----
    DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
    characteristic curves", Biometrics 44, 1988, for the variance. The interval is Wilson's with as many draws
    as have that variance, so that it stays in 0…1; where the two are apart altogether, with as many as the
    rarer of them has.

    Examples
    --------
    >>> found = area_under_roc([5, 3, 1, 0], [0, 1, 3, 5])
    >>> round(found.value, 3), round(found.low, 2), round(found.high, 2), found.n
    (0.951, 0.79, 0.99, 18)
    """
    no, yes = np.asarray(negatives, np.float64), np.asarray(positives, np.float64)
    if no.shape != yes.shape:
        raise UsageError(f"Counts are of the same bins; got shapes {no.shape} and {yes.shape}.")
    n, m = float(no.sum()), float(yes.sum())
    if n == 0 or m == 0:
        return NOTHING
    below = (np.cumsum(no) - no / 2) / n  # of negatives, seen from each bin
    above = 1 - (np.cumsum(yes) - yes / 2) / m
    area = float(yes @ below / m)
    variance = _variance(below, yes, area, m) + _variance(above, no, area, n)
    size = area * (1 - area) / variance if variance > 0 else min(n, m)
    low, high = wilson_interval(area * min(size, n + m), min(size, n + m))
    return Figure(area, min(float(low), area), max(float(high), area), int(n + m))


def macro_area(roc: Mapping[str, NDArray[np.int64]]) -> Figure:
    """Return the mean over classes of the area of each against the rest; of two classes that of the second.

    The interval is the mean of the classes' intervals: as wide as if all were wrong together.

    Parameters
    ----------
    roc
        Class → (2, b) counts of its scores where it is not true, and where it is.
    """
    names = sorted(roc)
    if len(names) == 2:  # one is the mirror of the other
        names = names[1:]
    found = [area_under_roc(*roc[name]) for name in names]
    told = [(one.value, one.low, one.high) for one in found if one.value is not None]
    if not told:
        return NOTHING
    value, low, high = (float(np.mean(np.array(its, np.float64))) for its in zip(*told, strict=True))
    return Figure(value, low, high, max(one.n for one in found))


def _variance(placed: NDArray[np.float64], counts: NDArray[np.float64], mean: float, n: float) -> float:
    return float(counts @ (placed - mean) ** 2 / (n - 1) / n) if n > 1 else 0.25
