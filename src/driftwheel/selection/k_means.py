"""K-means: points cut into parts around centres."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.selection.k_means_plus_plus import draw_apart

__all__ = ["k_means"]

ROUNDS = 10
"""Of Lloyd's steps; after k-means++ draws they change little more."""


def k_means(
    table: NDArray[np.float32],
    parts: int,
    *,
    rng: np.random.Generator,
    weights: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the (n,) part that each point is in, and its squared distance to the centre of that part.

    Parameters
    ----------
    table
        (n, d) float32, n ≥ 1, the mean near the origin.
    parts
        How many centres, from 1 to n. Where points are copies of each other, parts may stay empty.
    rng
        Draws the first centres, by k-means++.
    weights
        (n,) above 0; all alike by default.

    Notes
    -----
    Time n · parts · d for each of 10 rounds, memory n · parts float32. Source: Lloyd, "Least squares
    quantization in PCM", 1982.

    Examples
    --------
    >>> points = np.array([[0.0], [1.0], [9.0]], dtype=np.float32)
    >>> part, apart = k_means(points, 2, rng=np.random.default_rng(0))
    >>> bool(part[0] == part[1] != part[2]), apart.tolist()
    (True, [0.25, 0.25, 0.0])
    """
    worth = np.ones(len(table)) if weights is None else weights
    squares = np.einsum("ij,ij->i", table, table)

    def distances(row: int) -> NDArray[np.float32]:
        apart = squares + squares[row] - 2 * (table @ table[row])
        return np.asarray(np.maximum(apart, 0.0), dtype=np.float32)

    centres = table[draw_apart(worth, parts, distances, rng)]
    part = np.full(len(table), -1, dtype=np.intp)
    for _ in range(ROUNDS):
        crossed = table @ centres.T
        crossed *= -2
        crossed += np.einsum("ij,ij->i", centres, centres)
        nearest = crossed.argmin(axis=1)
        if (nearest == part).all():
            break
        part = nearest
        order = np.argsort(part, kind="stable")
        filled, first = np.unique(part[order], return_index=True)
        heavy = np.add.reduceat(worth[order], first)
        sums = np.add.reduceat((table * worth[:, None].astype(np.float32))[order], first, axis=0)
        centres = centres.copy()
        centres[filled] = sums / heavy[:, None].astype(np.float32)
    between = table - centres[part]
    return part, np.asarray(np.einsum("ij,ij->i", between, between), dtype=np.float32)
