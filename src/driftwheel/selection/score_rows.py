"""What every measure of doubt does to its scores first."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError

__all__ = ["as_shares"]


def as_shares(scores: ArrayLike) -> NDArray[np.float64]:
    """Return (n, k) scores with rows that add up to 1; NaN where a row has a NaN or adds up to 0.

    Raises
    ------
    UsageError
        For another shape, fewer than two columns, or a score below 0 or above 1.

    Examples
    --------
    >>> as_shares([[0.2, 0.6], [float("nan"), 1.0]])
    array([[0.25, 0.75],
           [ nan,  nan]])
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise UsageError(
            f"Scores are a table, a row an image and a column for each of two classes or more; got shape "
            f"{table.shape}."
        )
    known = np.asarray(~np.isnan(table).any(axis=1))
    if not ((table[known] >= 0) & (table[known] <= 1)).all():
        raise UsageError("Scores are numbers in [0, 1]: apply softmax to logits first.")
    total = table.sum(axis=1, keepdims=True)
    shares = np.full(table.shape, np.nan)
    np.divide(table, total, out=shares, where=known[:, None] & (total > 0))
    return shares
