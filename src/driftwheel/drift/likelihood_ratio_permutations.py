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

from driftwheel.drift.permutations import check_labels, observed_labels
from driftwheel.drift.pooled_ranks import PooledRanks
from driftwheel.drift.samples import as_columns

__all__ = ["LikelihoodRatioPermutations", "likelihood_ratio_permutations"]

BLOCK_BYTES = 1 << 26
"""Permutations are worked on in blocks whose sorted ranks take about this much memory."""

MOST_CUTS = 400
"""Of a larger column without ties, cuts at as many places or fewer are looked at, denser at both ends."""

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
    and r/o, to one common share. Between two values of the smaller sample it is convex in the cut, so the
    cuts right above and right below each of them are enough (of many, see `MOST_CUTS`): O(p B s log s) time.
    Source: Berk and Jones, "Goodness-of-fit test statistics that dominate the Kolmogorov statistics", 1979;
    for two samples, Zhang, "Powerful two-sample tests based on the likelihood ratio", 2006.

    Examples
    --------
    >>> from driftwheel.drift.permutations import draw_labels
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
    ranked = [PooledRanks.of(pooled[:, column]) for column in range(pooled.shape[1])]
    products = _products(n + m)
    rows = labels.shape[0] + 1
    found = np.empty((rows, len(ranked)))
    smaller = min(n, m)
    block = max(1, BLOCK_BYTES // (8 * smaller))
    for start in range(0, rows, block):
        stop = min(start + block, rows)
        part = labels[max(start - 1, 0) : stop - 1]
        if start == 0:
            part = np.concatenate((observed_labels(n, m)[None], part))
        members = np.nonzero(part if n < m else ~part)[1].reshape(stop - start, smaller)
        for column, ranks in enumerate(ranked):
            found[start:stop, column] = _statistics(ranks, members, products)
    found = np.maximum(found, 0.0).round(_DIGITS)
    return LikelihoodRatioPermutations(found[0].copy(), found[1:])


def _products(most: int) -> NDArray[np.float64]:
    """Return (most + 1,) of k log k, 0 for 0."""
    counts = np.arange(most + 1, dtype=np.float64)
    counts[1:] *= np.log(counts[1:])
    return counts


def _statistics(
    ranks: PooledRanks, members: NDArray[np.intp], products: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the (B,) statistics of one column; `members` are the (B, s) rows of the smaller sample."""
    upto = np.sort(ranks.upto[members], axis=1)
    place = np.arange(1, upto.shape[1] + 1, dtype=upto.dtype)
    both = _of_share(products, ranks.defined)
    if not ranks.complete:
        return _with_undefined(ranks, upto, place, both, products)
    size = upto.shape[1]
    other = ranks.defined - size
    own, theirs = _of_share(products, size), _of_share(products, other)
    if ranks.below is None:
        chosen = _chosen(size)
        upto, place = upto[:, chosen], place[chosen]
        rest = theirs[upto - place]  # of the other sample, below this value
        above, below = rest + own[place] - both[upto], rest + own[place - 1] - both[upto - 1]
    else:
        ends, under = _ends(upto), ranks.below[upto]
        above, below = (
            np.where(end, own[count] + theirs[np.clip(cut - count, 0, other)] - both[cut], -np.inf)
            for cut, count, end in ((upto, place, ends[:, 1:]), (under, place - 1, ends[:, :-1]))
        )
    uncut = own[0] + theirs[0] - both[0]
    return np.asarray(np.maximum(above.max(axis=1), below.max(axis=1)) - uncut)


def _with_undefined(
    ranks: PooledRanks,
    upto: NDArray[np.signedinteger],
    place: NDArray[np.signedinteger],
    both: NDArray[np.float64],
    products: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Do the same where sample sizes differ between permutations."""
    used, ends = upto <= ranks.defined, _ends(upto)
    sizes = np.count_nonzero(used, axis=1)[:, None].astype(upto.dtype)
    others = ranks.defined - sizes
    upto, place = np.minimum(upto, ranks.defined), np.minimum(place, sizes)
    under = upto - 1 if ranks.below is None else ranks.below[upto]
    highest = np.full(len(upto), -np.inf)
    for cut, count, end in ((upto, place, ends[:, 1:]), (under, place - 1, ends[:, :-1])):
        mine, rest = np.maximum(count, 0), np.clip(cut - count, 0, others)
        tables = products[mine] + products[sizes - mine] + products[rest] + products[others - rest]
        np.maximum(highest, np.where(used & end, tables - both[cut], -np.inf).max(axis=1), out=highest)
    uncut = (products[sizes] + products[others])[:, 0] - both[0]
    return np.asarray(highest - uncut)


def _of_share(products: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return (size + 1,) of k log k + (size - k) log (size - k)."""
    return np.asarray(products[: size + 1] + products[size::-1])


def _ends(upto: NDArray[np.signedinteger]) -> NDArray[np.bool_]:
    """Return (B, s + 1): whether a group of equal values ends before each place, and after the last.

    Inside a group the place is not the number of values below a cut: what comes out there is not used.
    """
    ends = np.ones((len(upto), upto.shape[1] + 1), dtype=np.bool_)
    np.not_equal(upto[:, 1:], upto[:, :-1], out=ends[:, 1:-1])
    return ends


def _chosen(size: int) -> NDArray[np.intp]:
    """Return the places of the smaller sample that it is cut at, from 0: all, or at most `MOST_CUTS`."""
    if size <= MOST_CUTS:
        return np.arange(size)
    half = [spaced(1, size / 2, MOST_CUTS // 4) for spaced in (np.geomspace, np.linspace)]
    edge = np.concatenate(half).astype(np.intp) - 1
    return np.unique(np.concatenate([edge, size - 1 - edge]))
