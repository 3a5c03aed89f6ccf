"""The permutation null of the Kolmogorov-Smirnov statistic, for many columns at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.drift.permutations import check_labels, observed_labels
from driftwheel.drift.samples import Floats, as_columns
from driftwheel.errors import UsageError

__all__ = ["KolmogorovSmirnovPermutations", "kolmogorov_smirnov_permutations"]

BLOCK_BYTES = 1 << 26
"""Permutations are walked in blocks whose step table takes about this much memory."""


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
    Each pooled column is sorted once. Then all permutations of a block walk along the sorted values together:
    a step up by m at a value called reference, down by n at one called current, in whole numbers, the
    extremes noted wherever a group of tied values ends. Time is O(p (n + m) B), memory O(block).

    Examples
    --------
    >>> from driftwheel.drift.permutations import draw_labels
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
    walks = [_Walk.of(pooled[:, column], bool(angles[column])) for column in range(pooled.shape[1])]
    rows = labels.shape[0] + 1
    found = np.empty((rows, len(walks)), dtype=np.float32)
    block = max(64, BLOCK_BYTES // (4 * (n + m)))
    for start in range(0, rows, block):
        stop = min(start + block, rows)
        part = labels[max(start - 1, 0) : stop - 1]
        if start == 0:
            part = np.concatenate((observed_labels(n, m)[None], part))
        called_reference = np.ascontiguousarray(part.T)
        shared: _Steps | None = None
        for column, walk in enumerate(walks):
            if not walk.complete:  # its own steps: permuted sample sizes vary when values are missing
                found[start:stop, column] = _statistics(walk, _Steps.of(called_reference, walk.order))
                continue
            if shared is None:
                shared = _Steps.of(called_reference, None)
            found[start:stop, column] = _statistics(walk, shared)
    defined = ~np.isnan(first), ~np.isnan(second)
    return KolmogorovSmirnovPermutations(
        found[0].copy(),
        found[1:],
        defined[0].sum(axis=0, dtype=np.int64),
        defined[1].sum(axis=0, dtype=np.int64),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """The order in which one column's pooled values are passed, and where groups of tied values end."""

    order: NDArray[np.intp]
    ends: NDArray[np.intp]
    complete: bool
    circular: bool

    @classmethod
    def of(cls, values: Floats, circular: bool) -> _Walk:
        order = np.argsort(values, kind="stable")
        ascending = values[order]
        defined = int(ascending.size - np.isnan(ascending).sum())
        ascending = ascending[:defined]
        ends = np.flatnonzero(ascending[1:] != ascending[:-1]) + 1
        return cls(order[:defined], ends.astype(np.intp), defined == values.size, circular)


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """What every pooled row adds to the walks of B permutations.

    `table` is (rows, B): up m_b where row is called reference, down n_b where not, both divided by their
    common divisor; `scale` is (B,): n_b · m_b over that divisor, what a walk must be divided by to be F − G.
    In the narrowest whole numbers that hold every walk.
    """

    table: NDArray[np.signedinteger]
    scale: NDArray[np.int64]

    @classmethod
    def of(cls, called_reference: NDArray[np.bool_], rows: NDArray[np.intp] | None) -> _Steps:
        used = called_reference if rows is None else called_reference[rows]
        n = np.count_nonzero(used, axis=0).astype(np.int64)
        m = used.shape[0] - n
        divisor = np.maximum(np.gcd(n, m), 1)
        up, down = m // divisor, n // divisor
        scale = up * n
        highest = int(scale.max(initial=1))
        dtype = np.int16 if highest < 2**15 else np.int32 if highest < 2**31 else np.int64
        return cls(np.where(called_reference, up.astype(dtype), -down.astype(dtype)), scale)


def _statistics(walk: _Walk, steps: _Steps) -> NDArray[np.float64]:
    """Return the (B,) statistics of one column."""
    table, order = steps.table, walk.order
    here = np.zeros(table.shape[1], dtype=table.dtype)
    high, low = here.copy(), here.copy()
    add, maximum, minimum = np.add, np.maximum, np.minimum
    if walk.ends.size == order.size - 1:  # no ties: the common case, and the one worth its own loop
        for row in order[:-1].tolist():
            add(here, table[row], out=here)
            maximum(high, here, out=high)
            minimum(low, here, out=low)
    else:
        begin = 0
        for end in walk.ends.tolist():
            for start in range(begin, end, 256):
                add(
                    here, table[order[start : min(start + 256, end)]].sum(axis=0, dtype=table.dtype), out=here
                )
            maximum(high, here, out=high)
            minimum(low, here, out=low)
            begin = end
    up, down = high.astype(np.int64), -low.astype(np.int64)
    reach = up + down if walk.circular else maximum(up, down)
    return np.where(steps.scale > 0, reach / np.maximum(steps.scale, 1), 0.0)
