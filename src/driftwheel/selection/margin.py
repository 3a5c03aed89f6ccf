"""Margin: how near the second class comes to the first."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.selection.score_rows import as_shares

__all__ = ["margin"]


def margin(scores: ArrayLike) -> NDArray[np.float64]:
    """Return (n,) doubts in [0, 1]: 1 less the lead of the best score over the next.

    Parameters
    ----------
    scores
        (n, k) in [0, 1], k ≥ 2; rows are scaled to add up to 1.

    Returns
    -------
    (n,), 1 where two classes are equally good, 0 where one has everything; NaN for a row with a NaN or of
    zeros.

    Raises
    ------
    UsageError
        For what is no table of scores.

    Notes
    -----
    The measure of the default mix. It only looks at the two classes that an answer would decide between;
    entropy also counts doubts among classes that are out of the race. With two classes it orders images as
    entropy and least confidence do. Source: Scheffer, Decomain and Wrobel, "Active hidden Markov models for
    information extraction", IDA 2001.

    Examples
    --------
    >>> margin([[0.5, 0.5, 0.0], [0.9, 0.1, 0.0]]).round(3).tolist()
    [1.0, 0.2]
    """
    best = np.sort(as_shares(scores), axis=1)[:, -2:]  # NaN sorts last, and stays
    doubts: NDArray[np.float64] = 1 - (best[:, 1] - best[:, 0])
    return doubts
