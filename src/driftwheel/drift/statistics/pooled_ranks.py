"""Pooled ranks: a column of two samples, sorted once for all permutations of who is in which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.statistics.samples import Floats

__all__ = ["PooledRanks"]


@dataclass(frozen=True, slots=True, eq=False)
class PooledRanks:
    """One column's pooled values as ranks.

    Attributes
    ----------
    upto
        (rows,): how many defined values are at most as large as the row's, `defined` + 1 where the row has
        none; in whole numbers that hold products of two counts.
    below
        (defined + 2,): how many are smaller than a value with that rank; None without ties, where it is one
        less than the rank.
    defined
        Defined values.

    Examples
    --------
    >>> ranks = PooledRanks.of(np.array([3.0, 1.0, np.nan, 3.0]))
    >>> ranks.upto.tolist(), ranks.below.tolist()
    ([3, 1, 4, 3], [0, 0, 0, 1, 0])
    """

    upto: NDArray[np.signedinteger]
    below: NDArray[np.signedinteger] | None
    defined: int

    @property
    def complete(self) -> bool:
        """Whether every row has a value."""
        return self.defined == self.upto.size

    @classmethod
    def of(cls, values: Floats) -> PooledRanks:
        """Rank (rows,) values, NaN where undefined."""
        order = np.argsort(values, kind="stable")
        ascending = values[order]
        defined = int(ascending.size - np.isnan(ascending).sum())
        ascending = ascending[:defined]
        ends = np.append(np.flatnonzero(ascending[1:] != ascending[:-1]) + 1, defined)
        dtype = np.dtype(np.int32 if values.size**2 < 2**31 else np.int64)
        upto = np.full(values.size, defined + 1, dtype=dtype)
        upto[order[:defined]] = np.repeat(ends, np.diff(ends, prepend=0))
        if ends.size == defined:
            return cls(upto, None, defined)
        below = np.zeros(defined + 2, dtype=dtype)
        below[ends[1:]] = ends[:-1]
        return cls(upto, below, defined)
