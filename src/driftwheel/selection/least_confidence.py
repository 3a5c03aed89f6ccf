"""Least confidence: how far the best score is from certainty."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.selection.score_rows import as_shares

__all__ = ["least_confidence"]


def least_confidence(scores: ArrayLike) -> NDArray[np.float64]:
    """Return (n,) doubts in [0, 1]: 1 less the best score, as a share of the largest that can be, 1 − 1/k.

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
    Source: Lewis and Gale, "A sequential algorithm for training text classifiers", SIGIR 1994.

    Examples
    --------
    >>> least_confidence([[0.5, 0.5], [0.75, 0.25], [1.0, 0.0]]).tolist()
    [1.0, 0.5, 0.0]
    """
    shares = as_shares(scores)
    doubts: NDArray[np.float64] = (1 - shares.max(axis=1)) / (1 - 1 / shares.shape[1])
    return doubts
