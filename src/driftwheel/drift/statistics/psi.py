"""Population stability index: the shift of shares between bins that hold equal shares of the reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.drift.statistics.samples import Floats, as_columns, as_counts
from driftwheel.errors import UsageError

__all__ = ["PsiColumns", "psi", "psi_columns", "psi_from_histograms"]


@dataclass(frozen=True, slots=True, eq=False)
class PsiColumns:
    """The population stability index of p columns at once.

    Attributes
    ----------
    statistic
        (p,) PSI ≥ 0; NaN where a sample has no value.
    expected
        (p,) what PSI is on average when nothing changed, at these sample sizes: (bins − 1)(1/n + 1/m). The
        folklore threshold of 0.1 is *below* it for 10 bins and fewer than 90 images.
    effect
        (p,) statistic − expected, not below 0.
    bins
        (p,) bins in use (a bin empty on both sides is not).
    n_reference, n_current
        (p,) values used.
    """

    statistic: NDArray[np.float64]
    expected: NDArray[np.float64]
    effect: NDArray[np.float64]
    bins: NDArray[np.int64]
    n_reference: NDArray[np.int64]
    n_current: NDArray[np.int64]


def psi(reference_counts: ArrayLike, current_counts: ArrayLike) -> PsiColumns:
    """Measure the population stability index of counts in given bins.

    Parameters
    ----------
    reference_counts, current_counts
        (p, b), or (b,) for one column: counts of categories, or of numbers in bins of about equal reference
        share.

    Notes
    -----
    PSI = Σ (p − q) ln(p / q) with shares p, q smoothed by half a count in every bin in use (Jeffreys), so an
    empty bin never makes it infinite. Source: Siddiqi, "Credit Risk Scorecards", 2006; its distribution
    without change: Yurdakul, "Statistical properties of population stability index", 2018.

    Examples
    --------
    >>> found = psi([100, 100], [10, 30])
    >>> found.statistic.round(3).tolist(), found.expected.round(3).tolist()
    ([0.26], [0.03])
    """
    first, second = (np.atleast_2d(counts) for counts in as_counts(reference_counts, current_counts))
    n, m = first.sum(axis=1), second.sum(axis=1)
    used = first + second > 0
    bins = used.sum(axis=1)
    divisor = np.maximum(bins, 1) / 2
    p = (first + 0.5) / (n + divisor)[:, None]
    q = (second + 0.5) / (m + divisor)[:, None]
    statistic = np.where(used, (p - q) * np.log(p / q), 0.0).sum(axis=1)
    expected = (bins - 1) * (1 / np.maximum(n, 1) + 1 / np.maximum(m, 1))
    empty = (n == 0) | (m == 0)
    statistic[empty] = expected[empty] = np.nan
    return PsiColumns(statistic, expected, np.maximum(statistic - expected, 0.0), bins, n, m)


def psi_columns(reference: ArrayLike, current: ArrayLike, bins: int = 10) -> PsiColumns:
    """Measure the population stability index of every column of two tables, (n, p) and (m, p).

    Bins are the reference's quantiles, the outer two open to infinity. A value that fills a quantile step on
    its own (a constant column, an integer) gets a bin of its own, and so do the values below and above it.
    Undefined values are removed.

    Examples
    --------
    >>> found = psi_columns([[7.0]] * 50, [[7.0]] * 25 + [[8.0]] * 25)
    >>> found.bins.tolist(), found.statistic.round(2).tolist()
    ([2], [2.26])
    """
    _check_bins(bins)
    first, second = as_columns(reference, current)
    width = 4 * bins
    counts = np.zeros((2, first.shape[1], width), dtype=np.int64)
    for column in range(first.shape[1]):
        pair = [table[:, column] for table in (first, second)]
        pair = [values[~np.isnan(values)] for values in pair]
        if pair[0].size == 0:
            counts[1, column, 0] = pair[1].size
            continue
        edges, alone = _quantile_edges(pair[0], bins)
        for side, values in enumerate(pair):
            place = (
                np.searchsorted(edges, values, side="left")
                + alone[np.searchsorted(edges, values, side="right")]
            )
            counts[side, column] = np.bincount(place, minlength=width)
    return psi(counts[0], counts[1])


def psi_from_histograms(reference_counts: ArrayLike, current_counts: ArrayLike, bins: int = 10) -> PsiColumns:
    """Measure the population stability index from p pairs of fine histograms with shared bins.

    The fine bins, (p, b) or (b,), are joined to about `bins` groups of equal reference share: a fine bin
    belongs to the group in which the middle of its reference share lies. With b much greater than `bins` this
    differs from `psi_columns` only by how evenly the shares could be cut.

    Examples
    --------
    >>> found = psi_from_histograms([10] * 20, [20] * 10 + [0] * 10, bins=2)
    >>> found.bins.tolist(), found.statistic.round(1).tolist()
    ([2], [3.0])
    """
    _check_bins(bins)
    first, second = (np.atleast_2d(counts) for counts in as_counts(reference_counts, current_counts))
    total = np.maximum(first.sum(axis=1, keepdims=True), 1)
    middle = (np.cumsum(first, axis=1) - first / 2) / total
    group = np.clip((middle * bins).astype(np.intp), 0, bins - 1)
    flat = (group + np.arange(first.shape[0])[:, None] * bins).ravel()
    size = first.shape[0] * bins
    joined = [
        np.rint(np.bincount(flat, weights=counts.ravel(), minlength=size)).astype(np.int64).reshape(-1, bins)
        for counts in (first, second)
    ]
    return psi(joined[0], joined[1])


def _quantile_edges(values: Floats, bins: int) -> tuple[Floats, NDArray[np.intp]]:
    """Return ascending edges for bins ``(e[k-1], e[k]]``, and a table that sets atoms apart.

    A quantile that comes more than once is an atom: the bin below it then ends just under it. The table,
    indexed by the number of edges ≤ the value, counts the atoms at or below it.
    """
    steps = np.quantile(values, np.arange(1, bins) / bins, method="inverted_cdf")
    edges, times = np.unique(steps, return_counts=True)
    return edges, np.append(0, np.cumsum(times > 1)).astype(np.intp)


def _check_bins(bins: int) -> None:
    if bins < 2:
        raise UsageError(f"`bins` is {bins}; expected at least 2, usually 10.")
