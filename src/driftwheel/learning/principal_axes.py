"""Points on their principal axes, so that a linear classifier is found in few steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["principal_axes"]

Array = NDArray[np.float64]


def principal_axes(table: Array) -> tuple[Array, Array, NDArray[np.float32]]:
    """Return the mean, (d, r) axes and the (n, r) points on them, whose mean squared length is 1.

    A linear classifier with a squared penalty is the same on any axes that span the points, and there are at
    most n of them.

    Parameters
    ----------
    table
        (n, d), finite.

    Examples
    --------
    >>> centre, axes, points = principal_axes(np.array([[0.0, 1.0], [4.0, 1.0]]))
    >>> centre.tolist(), axes.shape, np.abs(points).tolist()
    ([2.0, 1.0], (2, 1), [[1.0], [1.0]])
    """
    n, d = table.shape
    centre = table.mean(axis=0)
    moved = table - centre
    size = np.sqrt(np.einsum("ij,ij->", moved, moved) / n) or 1.0
    moved = moved / size
    if n < d:
        values, left = np.linalg.eigh(moved @ moved.T)
        kept = values > 1e-9 * max(values[-1], 1e-300)
        axes = (moved.T @ left[:, kept]) / np.sqrt(values[kept])
    else:
        values, vectors = np.linalg.eigh(moved.T @ moved)
        axes = vectors[:, values > 1e-9 * max(values[-1], 1e-300)]
    return centre, axes / size, np.asarray(moved @ axes, dtype=np.float32)
