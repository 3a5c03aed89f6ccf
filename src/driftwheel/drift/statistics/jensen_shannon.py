"""Jensen-Shannon divergence: how many bits a value tells about which of two samples it is from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.drift.statistics.samples import as_columns, as_counts
from driftwheel.errors import UsageError

__all__ = ["JensenShannonColumns", "jensen_shannon", "jensen_shannon_columns"]


@dataclass(frozen=True, slots=True, eq=False)
class JensenShannonColumns:
    """The Jensen-Shannon divergence of p columns at once.

    Attributes
    ----------
    statistic
        (p,) divergence in bits, in [0, 1]; NaN where a sample has no value.
    effect
        (p,) its square root, which is a metric.
    expected
        (p,) about what the divergence is when nothing changed, at these sample sizes and bins:
        (bins in use − 1) · (1/n + 1/m) / (8 ln 2), at most 1.
    n_reference, n_current
        (p,) values used.
    """

    statistic: NDArray[np.float64]
    effect: NDArray[np.float64]
    expected: NDArray[np.float64]
    n_reference: NDArray[np.int64]
    n_current: NDArray[np.int64]


def jensen_shannon(reference_counts: ArrayLike, current_counts: ArrayLike) -> JensenShannonColumns:
    """Measure the Jensen-Shannon divergence, base 2, of p pairs of counts with shared bins or classes.

    Parameters
    ----------
    reference_counts, current_counts
        (p, b), or (b,) for one column; no smoothing is needed, a bin empty in both counts for nothing.

    Notes
    -----
    JS = H((P + Q)/2) − (H(P) + H(Q))/2. The value from few images in many bins is mostly noise: read it
    beside `expected`. Source: Lin, "Divergence measures based on the Shannon entropy", 1991; the expectation
    is its second-order expansion.

    Examples
    --------
    >>> jensen_shannon([10, 0], [0, 10]).statistic.tolist()
    [1.0]
    >>> jensen_shannon([50, 50], [25, 25]).statistic.tolist()
    [0.0]
    """
    first, second = (np.atleast_2d(counts) for counts in as_counts(reference_counts, current_counts))
    n, m = first.sum(axis=1), second.sum(axis=1)
    p, q = first / np.maximum(n, 1)[:, None], second / np.maximum(m, 1)[:, None]
    middle = (p + q) / 2
    bits = (_relative(p, middle) + _relative(q, middle)).sum(axis=1) / 2
    statistic = np.clip(bits, 0.0, 1.0)
    used = (first + second > 0).sum(axis=1)
    expected = (used - 1) * (1 / np.maximum(n, 1) + 1 / np.maximum(m, 1)) / (8 * np.log(2))
    empty = (n == 0) | (m == 0)
    statistic[empty] = expected[empty] = np.nan
    return JensenShannonColumns(statistic, np.sqrt(statistic), np.minimum(expected, 1.0), n, m)


def jensen_shannon_columns(reference: ArrayLike, current: ArrayLike, bins: int = 32) -> JensenShannonColumns:
    """Measure the Jensen-Shannon divergence of every column of two tables, (n, p) and (m, p).

    Values are counted in `bins` equal steps between the smallest and the largest pooled value of the column;
    undefined values are removed; a column with one value only has divergence 0.

    Raises
    ------
    UsageError
        When `bins` is below 2.

    Examples
    --------
    >>> jensen_shannon_columns([[0.0], [1.0]], [[9.0], [10.0]]).statistic.tolist()
    [1.0]
    """
    if bins < 2:
        raise UsageError(f"`bins` is {bins}; expected at least 2.")
    first, second = as_columns(reference, current)
    counts = np.zeros((2, first.shape[1], bins), dtype=np.int64)
    for column in range(first.shape[1]):
        pair = [table[:, column].astype(np.float64) for table in (first, second)]
        pair = [values[~np.isnan(values)] for values in pair]
        pooled = np.concatenate(pair)
        if pooled.size == 0:
            continue
        low, high = float(pooled.min()), float(pooled.max())
        for side, values in enumerate(pair):
            step = np.zeros(values.size) if high == low else (values - low) / (high - low) * bins
            counts[side, column] = np.bincount(np.minimum(step.astype(np.intp), bins - 1), minlength=bins)
    return jensen_shannon(counts[0], counts[1])


def _relative(p: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Terms p · log2(p / middle), 0 where p is 0."""
    positive = p > 0
    return np.where(positive, p * np.log2(np.where(positive, p, 1.0) / np.where(positive, middle, 1.0)), 0.0)
