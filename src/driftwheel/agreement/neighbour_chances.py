"""What the labels of the images that look most alike say of an image: shares among its neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError

__all__ = ["neighbour_chances"]

_BLOCK = 2_000_000  # similarities held at once


def neighbour_chances(
    embeddings: ArrayLike, present: ArrayLike, *, neighbours: int = 10
) -> NDArray[np.float64]:
    """Return (n, k) shares of each item's neighbours that have each class; its own label has no part in it.

    Neighbours are the items with the largest cosine similarity.

    Parameters
    ----------
    embeddings
        (n, d), finite.
    present
        (n, k) bool: whether each class is on each item; of single classes one a row.
    neighbours
        Above 0 and below n.

    Raises
    ------
    UsageError
        For tables that do not fit, or too few items.

    Examples
    --------
    >>> places = [[1, 0], [1, 0.1], [1, -0.1], [0, 1], [0.1, 1], [-0.1, 1]]
    >>> labels = [[1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [0, 1]]
    >>> neighbour_chances(places, labels, neighbours=2)[2].tolist()
    [1.0, 0.0]
    """
    table, there = np.asarray(embeddings, dtype=np.float32), np.asarray(present, dtype=np.float64)
    if table.ndim != 2 or there.ndim != 2 or len(table) != len(there):
        raise UsageError(
            f"Embeddings of shape {table.shape} and classes of shape {there.shape}: expected a row an item "
            "in both."
        )
    n = len(table)
    if not 0 < neighbours < n:
        raise UsageError(f"{neighbours} neighbours among {n} items; give fewer than there are.")
    unit = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    found = np.empty((n, there.shape[1]))
    step = max(1, _BLOCK // n)
    for start in range(0, n, step):
        rows = np.arange(start, min(start + step, n))
        likeness = unit[rows] @ unit.T
        likeness[np.arange(len(rows)), rows] = -np.inf
        nearest = np.argpartition(-likeness, neighbours - 1, axis=1)[:, :neighbours]
        found[rows] = there[nearest].mean(axis=1)
    return found
