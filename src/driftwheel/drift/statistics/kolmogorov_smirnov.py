"""Kolmogorov-Smirnov: the largest gap between the distribution functions of two samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.drift.statistics.samples import Floats, as_columns, as_counts, as_sample
from driftwheel.drift.statistics.smirnov import smirnov_p_values
from driftwheel.records import Evidence

__all__ = [
    "KolmogorovSmirnovColumns",
    "kolmogorov_smirnov",
    "kolmogorov_smirnov_columns",
    "kolmogorov_smirnov_from_histograms",
]


@dataclass(frozen=True, slots=True, eq=False)
class KolmogorovSmirnovColumns:
    """The Kolmogorov-Smirnov test of p columns at once.

    Attributes
    ----------
    statistic
        (p,) in [0, 1]; NaN where a sample has no defined value. It is its own effect size.
    p_value
        (p,) in [0, 1]; not corrected for the number of columns; 1 where the statistic is NaN.
    n_reference, n_current
        (p,) defined values used.
    error
        (p,) how far below the exact statistic `statistic` may lie: 0 from raw values; from histograms at most
        the largest share of a sample in one bin.
    """

    statistic: NDArray[np.float64]
    p_value: NDArray[np.float64]
    n_reference: NDArray[np.int64]
    n_current: NDArray[np.int64]
    error: NDArray[np.float64]


def kolmogorov_smirnov(reference: ArrayLike, current: ArrayLike) -> Evidence:
    """Test whether two samples of a number come from one distribution.

    Parameters
    ----------
    reference, current
        One-dimensional, any numeric dtype; NaN and infinite values are removed.

    Returns
    -------
    Evidence
        `statistic` = `effect` = sup |F_reference − F_current| in [0, 1]. With no value left in a sample, NaN
        with p = 1. `p_value` two-sided: exact for ``n · m ≤ 250,000`` (also with ties, given the ties) and
        for equal sizes; see `smirnov_p_values` for larger ones, where ties make it too large, never too
        small.

    Notes
    -----
    Meant for 20 values a sample or more; with fewer it is honest but can hardly be small. Source: Smirnov
    1939; Hodges, "The significance probability of the Smirnov two-sample test", 1958; ties: Schröer and
    Trenkler 1995.

    Examples
    --------
    >>> found = kolmogorov_smirnov([1, 2, 3, 4, 5], [4, 5, 6, 7, 8, 9])
    >>> round(found.statistic, 4), round(found.p_value, 4)
    (0.6667, 0.0693)
    """
    first, second = as_sample(reference, "reference"), as_sample(current, "current")
    dtype = np.result_type(first, second)
    first, second = np.sort(first.astype(dtype, copy=False)), np.sort(second.astype(dtype, copy=False))
    statistic = _largest_gap(first, second)
    p_value = 1.0
    if first.size and second.size:
        pooled = np.sort(np.concatenate((first, second)))
        ends = np.flatnonzero(np.append(pooled[1:] != pooled[:-1], True)) + 1
        tied = ends.size < pooled.size
        p_value = float(smirnov_p_values(statistic, first.size, second.size, ends if tied else None))
    return Evidence("kolmogorov_smirnov", statistic, p_value, statistic, first.size, second.size)


def kolmogorov_smirnov_columns(reference: ArrayLike, current: ArrayLike) -> KolmogorovSmirnovColumns:
    """Run the Kolmogorov-Smirnov test on every column of two tables.

    Parameters
    ----------
    reference, current
        (n, p) and (m, p); two float32 tables are compared as float32, anything else as float64. Undefined
        values are removed per column.

    Returns
    -------
    KolmogorovSmirnovColumns
        The statistic is that of `kolmogorov_smirnov`; p-values take no account of ties (too large then, never
        too small).

    Examples
    --------
    >>> found = kolmogorov_smirnov_columns([[1, 5], [2, 6], [3, 7]], [[1, 8], [2, 9], [3, 9]])
    >>> found.statistic.tolist()
    [0.0, 1.0]
    """
    first, second = as_columns(reference, current)
    sorted_first, n = _sorted_columns(first)
    sorted_second, m = _sorted_columns(second)
    statistic = np.array(
        [
            _largest_gap(a[:rows], b[:other])
            for a, b, rows, other in zip(sorted_first, sorted_second, n, m, strict=True)
        ],
        dtype=np.float64,
    )
    return KolmogorovSmirnovColumns(statistic, _p_values(statistic, n, m), n, m, np.zeros(statistic.size))


def kolmogorov_smirnov_from_histograms(
    reference_counts: ArrayLike, current_counts: ArrayLike
) -> KolmogorovSmirnovColumns:
    """Run the Kolmogorov-Smirnov test on p pairs of histograms with shared bins.

    Parameters
    ----------
    reference_counts, current_counts
        (p, b), or (b,) for one column; counts.

    Returns
    -------
    KolmogorovSmirnovColumns
        The statistic is the largest gap at a bin edge. The exact one of the raw values lies in
        ``[statistic, statistic + error]``; `error` is at most the largest share of a sample in one bin, and 0
        for categories one a bin. p-values belong to the lower end, and so are too large, never too small.

    Examples
    --------
    >>> found = kolmogorov_smirnov_from_histograms([5, 5, 0], [1, 4, 5])
    >>> found.statistic.round(2).tolist(), found.error.round(2).tolist()
    ([0.5], [0.4])
    """
    first, second = (np.atleast_2d(counts) for counts in as_counts(reference_counts, current_counts))
    n, m = first.sum(axis=1), second.sum(axis=1)
    mass = first / np.maximum(n, 1)[:, None]
    other_mass = second / np.maximum(m, 1)[:, None]
    gap = np.cumsum(mass - other_mass, axis=1)
    statistic = np.clip(np.abs(gap).max(axis=1), 0.0, 1.0)
    # Inside a bin F − G is at most (F right − G left) = gap + other_mass, and at least (F left − G right) =
    # gap − mass.
    highest = np.maximum((gap + other_mass).max(axis=1), (mass - gap).max(axis=1))
    error = np.clip(np.minimum(highest, 1.0) - statistic, 0.0, 1.0)
    empty = (n == 0) | (m == 0)
    statistic[empty] = error[empty] = np.nan
    return KolmogorovSmirnovColumns(statistic, _p_values(statistic, n, m), n, m, error)


def _sorted_columns(table: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return (p, n) rows in ascending order with NaN last, and how many are not NaN."""
    rows = np.sort(table.T, axis=1)
    return rows, rows.shape[1] - np.isnan(rows).sum(axis=1, dtype=np.int64)


def _largest_gap(first: Floats, second: Floats) -> float:
    """Return sup |F − G| of two sorted samples.

    F − G peaks just before a value of `second`, and is least at one, so only those places are looked at.
    Within tied values the first (or last) one is exact and the others are nearer to zero.
    """
    if first.size < second.size:
        first, second = second, first
    n, m = first.size, second.size
    if m == 0:
        return float("nan")
    below = np.searchsorted(first, second, side="left")
    up_to = below
    shared = np.flatnonzero(first[np.minimum(below, n - 1)] == second)
    if shared.size:
        up_to = below.copy()
        up_to[shared] = np.searchsorted(first, second[shared], side="right")
    place = np.arange(m, dtype=np.int64) * n
    above = int((below * m - place).max())
    under = int((place + n - up_to * m).max())
    return max(above, under, 0) / (n * m)


def _p_values(
    statistic: NDArray[np.float64], n: NDArray[np.int64], m: NDArray[np.int64]
) -> NDArray[np.float64]:
    """p-values of many statistics, one call for each pair of sample sizes."""
    p = np.ones(statistic.shape)
    sizes, group = np.unique(np.stack((n, m), axis=1), axis=0, return_inverse=True)
    for index, (rows, other) in enumerate(sizes):
        columns = group == index
        if rows and other:
            p[columns] = smirnov_p_values(statistic[columns], int(rows), int(other))
    return p
