"""The permutation null of the Kolmogorov-Smirnov statistic, for many columns at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.drift.statistics.permutations import check_labels, observed_labels
from driftwheel.drift.statistics.pooled_ranks import PooledRanks
from driftwheel.drift.statistics.samples import as_columns
from driftwheel.errors import UsageError

__all__ = ["KolmogorovSmirnovPermutations", "kolmogorov_smirnov_permutations"]

BLOCK_BYTES = 1 << 21
"""Permutations are looked at in blocks of about this much memory: what stays in cache."""


@dataclass(frozen=True, slots=True, eq=False)
class KolmogorovSmirnovPermutations:
    """The Kolmogorov-Smirnov statistics of p columns, as observed and under B permutations.

    Attributes
    ----------
    observed
        (p,) float32 in [0, 1]; 0 for a column without a defined value in one of the samples.
    null
        (B, p) float32. Row b holds the statistics of all columns under permutation b, so a maximum over
        columns is valid. Statistics that are equal in exact arithmetic are equal here, so ``null >=
        observed`` counts ties rightly.
    n_reference, n_current
        (p,) defined values.
    """

    observed: NDArray[np.float32]
    null: NDArray[np.float32]
    n_reference: NDArray[np.int64]
    n_current: NDArray[np.int64]

    def p_values(self) -> NDArray[np.float64]:
        """Return the (p,) permutation p-values, (1 + #{null ≥ observed}) / (1 + B), not corrected for p."""
        reached = np.count_nonzero(self.null >= self.observed, axis=0)
        return np.asarray((1.0 + reached) / (1.0 + self.null.shape[0]))


def kolmogorov_smirnov_permutations(
    reference: ArrayLike,
    current: ArrayLike,
    labels: NDArray[np.bool_],
    circular: ArrayLike | None = None,
) -> KolmogorovSmirnovPermutations:
    """Compute the Kolmogorov-Smirnov statistic of every column, as observed and under the given permutations.

    Parameters
    ----------
    reference, current
        (n, p) and (m, p); undefined values are left out column by column, under every permutation with the
        label they happen to have, so the permuted sample sizes of such a column vary as they should.
    labels
        (B, n + m) bool from `draw_labels`; True means "called reference".
    circular
        (p,) bool, which columns are angles: for these the statistic is Kuiper's, sup (F − G) + sup (G − F),
        which does not depend on where the circle is cut. None: none.

    Notes
    -----
    Each pooled column is ranked once. Between two values of the smaller sample only the larger one's
    distribution function moves, and only up, so the extremes of F − G lie at values of the smaller sample:
    its ranks are sorted under every permutation, and nothing else is. With s images in the smaller sample
    time is O(p s log(s) B), memory O(block).

    Examples
    --------
    >>> from driftwheel.drift.statistics.permutations import draw_labels
    >>> rng = np.random.default_rng(0)
    >>> labels = draw_labels(40, 40, 99, rng)
    >>> reference, current = rng.normal(size=(40, 2)), rng.normal([0, 2], size=(40, 2))
    >>> kolmogorov_smirnov_permutations(reference, current, labels).p_values().tolist()
    [0.94, 0.01]
    """
    first, second = as_columns(reference, current)
    n, m = first.shape[0], second.shape[0]
    check_labels(labels, n, m)
    angles = (
        np.zeros(first.shape[1], dtype=np.bool_) if circular is None else np.asarray(circular, dtype=np.bool_)
    )
    if angles.shape != (first.shape[1],):
        raise UsageError(
            f"`circular` has shape {angles.shape}; expected one value for each of {first.shape[1]} columns."
        )
    pooled = np.concatenate((first, second))
    ranked = [PooledRanks.of(pooled[:, column]) for column in range(pooled.shape[1])]
    rows = labels.shape[0] + 1
    found = np.empty((rows, len(ranked)), dtype=np.float32)
    smaller = min(n, m)
    block = max(1, BLOCK_BYTES // (8 * smaller))
    for start in range(0, rows, block):
        stop = min(start + block, rows)
        part = labels[max(start - 1, 0) : stop - 1]
        if start == 0:
            part = np.concatenate((observed_labels(n, m)[None], part))
        members = np.nonzero(part if n < m else ~part)[1].reshape(stop - start, smaller)
        for column, ranks in enumerate(ranked):
            found[start:stop, column] = _statistics(ranks, members, bool(angles[column]))
    defined = ~np.isnan(first), ~np.isnan(second)
    return KolmogorovSmirnovPermutations(
        found[0].copy(),
        found[1:],
        defined[0].sum(axis=0, dtype=np.int64),
        defined[1].sum(axis=0, dtype=np.int64),
    )


def _statistics(ranks: PooledRanks, members: NDArray[np.intp], circular: bool) -> NDArray[np.float64]:
    """Return the (B,) statistics of one column; `members` are the (B, s) rows of the smaller sample.

    In whole numbers: times s and the size of the other sample, both without undefined values.
    """
    upto = np.sort(ranks.upto[members], axis=1)
    place = np.arange(1, members.shape[1] + 1, dtype=upto.dtype)
    defined = upto <= ranks.defined
    size = np.count_nonzero(defined, axis=1)[:, None].astype(upto.dtype)
    above = place * upto.dtype.type(ranks.defined) - upto * size
    if ranks.below is None:
        below = (ranks.defined - size) - above
    else:
        below = ranks.below[upto] * size - (place - 1) * upto.dtype.type(ranks.defined)
    if not ranks.complete:
        above[~defined] = 0
        below[~defined] = 0
    high, low = above.max(axis=1, initial=0), below.max(axis=1, initial=0)
    reach = high.astype(np.int64) + low if circular else np.maximum(high, low)
    scale = size[:, 0].astype(np.int64) * (ranks.defined - size[:, 0].astype(np.int64))
    return np.where(scale > 0, reach / np.maximum(scale, 1), 0.0)
