"""What every choice by embeddings does to its input first, and the distances between rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError

__all__ = ["as_rows", "as_table", "squared_distances", "squared_distances_to_nearest"]

_BLOCK = 4_000_000  # distances held at once: 16 MB


def as_table(embeddings: ArrayLike) -> NDArray[np.float32]:
    """Return (n, d) embeddings as float32 with their mean at the origin, which makes rounding errors small.

    Raises
    ------
    UsageError
        For another shape, or values that are not finite.
    """
    table = np.asarray(embeddings)
    if table.ndim != 2 or table.shape[1] == 0:
        raise UsageError(f"Embeddings are a table of (images, dimensions); got shape {table.shape}.")
    if not np.isfinite(table).all():
        raise UsageError("Some embeddings hold values that are not finite; leave those images out first.")
    found = np.array(table, dtype=np.float32, order="C")
    if len(found):
        found -= table.mean(axis=0, dtype=np.float64).astype(np.float32)
    return found


def as_rows(rows: ArrayLike, n: int, name: str) -> NDArray[np.intp]:
    """Return row numbers from 0 to n − 1, or the rows where n bools are true.

    Raises
    ------
    UsageError
        For numbers beyond the table, or another number of bools.
    """
    given = np.asarray(rows)
    if given.dtype == np.bool_ and given.shape == (n,):
        return np.flatnonzero(given)
    index = given.astype(np.intp).reshape(-1)
    if given.dtype == np.bool_ or ((index < 0) | (index >= n)).any():
        raise UsageError(f"`{name}` does not name rows of a table of {n} images.")
    return index


def squared_distances(table: NDArray[np.float32], row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the (n,) squared Euclidean distances of the rows of (n, d) from one more row."""
    apart = np.einsum("ij,ij->i", table, table) - 2 * (table @ row) + row @ row
    return np.asarray(np.maximum(apart, 0.0), dtype=np.float32)


def squared_distances_to_nearest(
    table: NDArray[np.float32], others: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the (n,) squared distances of each row of (n, d) to the nearest of (m, d); inf where m is 0.

    In blocks, 16 MB at a time whatever n and m.
    """
    if not len(others):
        return np.full(len(table), np.inf, dtype=np.float32)
    found = np.empty(len(table), dtype=np.float32)
    squares = np.einsum("ij,ij->i", others, others)
    step = max(1, _BLOCK // len(others))
    for start in range(0, len(table), step):
        block = table[start : start + step]
        crossed = block @ others.T
        crossed *= -2
        crossed += squares
        found[start : start + step] = crossed.min(axis=1) + np.einsum("ij,ij->i", block, block)
    return np.maximum(found, 0.0, out=found)
