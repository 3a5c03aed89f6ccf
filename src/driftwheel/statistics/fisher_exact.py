"""Fisher's exact test: whether a share is larger in one of two samples than in the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

__all__ = ["fisher_exact"]


def fisher_exact(hits: int, n: int, other_hits: int, other_n: int) -> float:
    """Return the one-sided p-value of `hits` in `n` beside `other_hits` in `other_n`: larger by chance.

    The probability, with all hits shared out at random over all n + other_n, that n draws hold at least as
    many; right to about 1e-10 of itself.

    Source: R. A. Fisher, "Statistical Methods for Research Workers", 5th edition, 1934, section 21.02.

    Examples
    --------
    >>> round(fisher_exact(3, 4, 1, 4), 4)  # the lady tasting tea
    0.2429
    """
    drawn = np.arange(hits, min(n, hits + other_hits) + 1, dtype=np.float64)
    left = hits + other_hits - drawn
    log_shares = _log_ways(n, drawn) + _log_ways(other_n, left)
    together = _log_ways(n + other_n, np.array(float(hits + other_hits)))
    return min(1.0, float(np.exp(log_shares - together).sum()))


def _log_ways(n: int, chosen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithm of n over `chosen`."""
    ways: NDArray[np.float64] = gammaln(n + 1.0) - gammaln(chosen + 1) - gammaln(n - chosen + 1)
    return ways
