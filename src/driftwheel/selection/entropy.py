"""Entropy: how evenly the scores are spread over all classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from driftwheel.selection.score_rows import as_shares

__all__ = ["entropy"]


def entropy(scores: ArrayLike) -> NDArray[np.float64]:
    """Return (n,) doubts in [0, 1]: the entropy of each row as a share of the largest, log k.

    Parameters
    ----------
    scores
        (n, k) in [0, 1], k ≥ 2; rows are scaled to add up to 1.

    Returns
    -------
    (n,), 1 where all classes are equally good, 0 where one has everything; NaN for a row with a NaN or of
    zeros.

    Raises
    ------
    UsageError
        For what is no table of scores.

    Notes
    -----
    Source: Shannon, "A mathematical theory of communication", 1948; as a choice of what to label: Settles,
    "Active learning literature survey", 2009, section 3.1.

    Examples
    --------
    >>> entropy([[0.25, 0.25, 0.25, 0.25], [0.5, 0.5, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]).tolist()
    [1.0, 0.5, 0.0]
    """
    shares = as_shares(scores)
    doubts: NDArray[np.float64] = entr(shares).sum(axis=1) / np.log(shares.shape[1])
    return doubts
