"""Means over the tiles of a grid, in the same few microseconds for any size of tile."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["tile_means"]


def tile_means(sums: NDArray[Any], rows: int, columns: int) -> NDArray[np.float64]:
    """Return the (rows, columns) means over a grid of tiles, from the (h + 1, w + 1) running sums.

    The image must have a pixel for every tile.
    """
    corners, sizes = _grid(*sums.shape, rows, columns)
    at = sums.ravel()[corners]
    upper, lower = at[:-1], at[1:]
    return np.asarray((lower[:, 1:] - lower[:, :-1] - upper[:, 1:] + upper[:, :-1]) / sizes, dtype=np.float64)


@lru_cache(maxsize=64)
def _grid(height: int, width: int, rows: int, columns: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the places of the tiles' corners in flat (height, width) running sums, and the tiles' sizes."""
    down = np.arange(rows + 1) * (height - 1) // rows
    across = np.arange(columns + 1) * (width - 1) // columns
    return down[:, None] * width + across, np.outer(np.diff(down), np.diff(across)).astype(np.float64)
