"""The largest likelihood ratio over all ways to cut a column in two, and its permutation null.

Kolmogorov-Smirnov looks at the middle of a distribution. Drift often shows at its edge: a tenth of the
images lies beyond all that the reference holds, and the distance is no more than a tenth. Here every cut of
the pooled values makes a table of two rows (below, above) and two columns (reference, current), and its
likelihood ratio says how unlikely so uneven a table is, at the edge as in the middle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.drift.statistics.permutations import check_labels, observed_labels
from driftwheel.drift.statistics.samples import Floats, as_columns

__all__ = ["LikelihoodRatioPermutations", "likelihood_ratio_permutations"]

BLOCK_BYTES = 1 << 26
"""Permutations are worked on in blocks whose counts take about this much memory."""

MOST_CUTS = 256
"""Of more values that differ, as many cuts or fewer are looked at, denser towards both ends."""

_DIGITS = 9  # so that ratios that are equal in exact arithmetic are equal here


@dataclass(frozen=True, slots=True, eq=False)
class LikelihoodRatioPermutations:
    """The largest log-likelihood ratios of p columns, as observed and under B permutations.

    Attributes
    ----------
    observed
        (p,) float64 in nats, at least 0; 0 for a column without a defined value in one of the samples.
    null
        (B, p) float64. Row b holds the statistics of all columns under permutation b, so a maximum over
        columns is valid.
    """

    observed: NDArray[np.float64]
    null: NDArray[np.float64]


def likelihood_ratio_permutations(
    reference: ArrayLike, current: ArrayLike, labels: NDArray[np.bool_]
) -> LikelihoodRatioPermutations:
    """Compute the largest log-likelihood ratio of every column, as observed and under given permutations.

    Parameters
    ----------
    reference, current
        (n, p) and (m, p); undefined values are left out column by column, under every permutation with the
        label they happen to have.
    labels
        (B, n + m) bool from `draw_labels`; True means "called reference".

    Notes
    -----
    With k of s current and r of o reference values below a cut, the ratio is that of two binomial shares, k/s
    and r/o, to one common share. The cuts are those between values that differ (of many, see `MOST_CUTS`),
    the same under every permutation: O(p B (s + cuts)) time. Source: Berk and Jones, "Goodness-of-fit test
    statistics that dominate the Kolmogorov statistics", 1979; for two samples, Zhang, "Powerful two-sample
    tests based on the likelihood ratio", 2006.

    Examples
    --------
    >>> from driftwheel.drift.statistics.permutations import draw_labels
    >>> rng = np.random.default_rng(0)
    >>> labels = draw_labels(100, 100, 99, rng)
    >>> reference, current = rng.normal(size=(100, 1)), rng.normal(size=(100, 1))
    >>> current[:10] += 10.0  # a tenth of them, beyond everything
    >>> found = likelihood_ratio_permutations(reference, current, labels)
    >>> bool(found.observed[0] > found.null.max())
    True
    """
    first, second = as_columns(reference, current)
    n, m = first.shape[0], second.shape[0]
    check_labels(labels, n, m)
    pooled = np.concatenate((first, second))
    columns = [_Cuts.of(pooled[:, column]) for column in range(pooled.shape[1])]
    products = _products(n + m)
    rows = labels.shape[0] + 1
    found = np.empty((rows, len(columns)))
    smaller = min(n, m)
    block = max(1, BLOCK_BYTES // (8 * max(smaller, MOST_CUTS)))
    for start in range(0, rows, block):
        stop = min(start + block, rows)
        part = labels[max(start - 1, 0) : stop - 1]
        if start == 0:
            part = np.concatenate((observed_labels(n, m)[None], part))
        members = np.nonzero(part if n < m else ~part)[1].reshape(stop - start, smaller)
        for column, cuts in enumerate(columns):
            found[start:stop, column] = _statistics(cuts, members, products)
    found = np.maximum(found, 0.0).round(_DIGITS)
    return LikelihoodRatioPermutations(found[0].copy(), found[1:])


@dataclass(frozen=True, slots=True, eq=False)
class _Cuts:
    """Where a column of pooled values is cut.

    `below` is (c,): how many values lie below each cut, ascending. `bins` is (rows,): how many cuts lie below
    the row's value, c + 1 where it has none. `defined` is the number of values.
    """

    below: NDArray[np.intp]
    bins: NDArray[np.intp]
    defined: int

    @classmethod
    def of(cls, values: Floats) -> _Cuts:
        order = np.argsort(values, kind="stable")
        ascending = values[order]
        defined = int(ascending.size - np.isnan(ascending).sum())
        ends = np.flatnonzero(ascending[1:defined] != ascending[: max(defined - 1, 0)]) + 1
        if ends.size > MOST_CUTS:
            half = [spaced(1, defined / 2, MOST_CUTS // 4) for spaced in (np.geomspace, np.linspace)]
            wanted = np.concatenate([*half, *(defined - one for one in half)]).astype(np.intp)
            ends = ends[np.unique(np.searchsorted(ends, wanted).clip(max=ends.size - 1))]
        bins = np.full(values.size, ends.size + 1)
        bins[order[:defined]] = np.searchsorted(ends, np.arange(defined), side="right")
        return cls(ends, bins, defined)


def _products(most: int) -> NDArray[np.float64]:
    """Return (most + 1,) of k log k, 0 for 0."""
    counts = np.arange(most + 1, dtype=np.float64)
    counts[1:] *= np.log(counts[1:])
    return counts


def _statistics(cuts: _Cuts, members: NDArray[np.intp], products: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (B,) statistics of one column; `members` are the (B, s) rows of the smaller sample."""
    rows, count = len(members), cuts.below.size
    if count == 0:
        return np.zeros(rows)
    width = count + 2
    placed = cuts.bins[members]
    placed += width * np.arange(rows)[:, None]
    inside = np.bincount(placed.ravel(), minlength=rows * width).reshape(rows, width)
    sums = inside[:, :-1].cumsum(axis=1)
    mine, size = sums[:, :-1], sums[:, -1]  # of the smaller sample: below each cut, and in all
    rest, other = cuts.below - mine, cuts.defined - size
    if cuts.defined == cuts.bins.size:  # then every permutation has the same sizes
        tables = _of_share(products, int(size[0]))[mine] + _of_share(products, int(other[0]))[rest]
    else:
        own, theirs = products[size[:, None] - mine], products[other[:, None] - rest]
        tables = products[mine] + own + products[rest] + theirs
    uncut = products[size] + products[other] - products[cuts.defined]
    return np.asarray((tables - _of_share(products, cuts.defined)[cuts.below]).max(axis=1) - uncut)


def _of_share(products: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return (size + 1,) of k log k + (size - k) log (size - k)."""
    return np.asarray(products[: size + 1] + products[size::-1])
