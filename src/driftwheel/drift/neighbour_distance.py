"""How far an image lies from the images most like it: the distance to its k-th nearest neighbour."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError

__all__ = ["neighbour_distances", "neighbour_ratios", "unit_length"]

_BLOCK = 4_000_000  # distances held at once: 16 MB


def unit_length(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the rows of (n, d) scaled to Euclidean length 1, float32; a row of zeros stays as it is.

    Examples
    --------
    >>> unit_length(np.array([[3.0, 4.0], [0.0, 0.0]])).round(3).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(vectors.astype(np.float64, copy=False), axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def neighbour_distances(
    bank: NDArray[np.floating], points: NDArray[np.floating] | None = None, *, k: int
) -> NDArray[np.float64]:
    """Return the Euclidean distance of each point to its k-th nearest neighbour in the bank.

    Computed in float32 blocks: memory for 4 million distances at a time, whatever n and m. Where a distance
    is small beside the length of the vectors, it is known to about 1e-3 of that length.

    Parameters
    ----------
    bank
        (n, d).
    points
        (m, d); None stands for the bank itself, and then no point is its own neighbour.
    k
        Which neighbour, from 1 to n (to n - 1 for the bank itself).

    Returns
    -------
    (m,) or (n,) float64.

    Raises
    ------
    UsageError
        If there are fewer than k neighbours.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [3.0]])
    >>> neighbour_distances(line, k=1).round(3), neighbour_distances(line, np.array([[7.0]]), k=2)
    (array([1., 1., 2.]), array([6.]))
    """
    found = [np.partition(block, k - 1, axis=1)[:, k - 1] for block in _squared_distances(bank, points, k)]
    return _root(np.concatenate(found) if found else np.empty(0))


def neighbour_ratios(
    bank: NDArray[np.floating],
    points: NDArray[np.floating] | None = None,
    *,
    k: int,
    usual: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return how much farther the k-th neighbour of each point is than is usual among its k neighbours.

    The distance to the k-th neighbour, divided by the mean of the same distance at those k neighbours:
    about 1 inside a cloud of any density, so that a point beside a tight cluster stands out although its
    neighbours are near. This is the local outlier factor without its smoothing.

    `usual` may hand in ``neighbour_distances(bank, k=k)``, to spare its computation. The other parameters,
    memory and errors are those of `neighbour_distances`; the result is (m,) or (n,) float64, at least 0.

    References
    ----------
    Breunig, Kriegel, Ng and Sander, "LOF: identifying density-based local outliers", SIGMOD 2000.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> neighbour_ratios(line, np.array([[1.5], [9.0]]), k=1).tolist()
    [0.5, 6.0]
    """
    own = neighbour_distances(bank, k=k) if usual is None else usual
    least = 1e-3 * float(np.median(own)) or 1.0  # where the nearest are copies of one another
    ratios = []
    for block in _squared_distances(bank, points, k):
        nearest = np.argpartition(block, k - 1, axis=1)[:, :k]
        farthest = _root(np.take_along_axis(block, nearest, axis=1).max(axis=1))
        ratios.append(farthest / np.maximum(own[nearest].mean(axis=1), least))
    return np.concatenate(ratios) if ratios else np.empty(0)


def _squared_distances(
    bank: NDArray[np.floating], points: NDArray[np.floating] | None, k: int
) -> Iterator[NDArray[np.float32]]:
    """Yield (b, n) blocks of squared distances from points to the bank, infinite from one to itself."""
    n = len(bank) - (points is None)
    if not 1 <= k <= n:
        raise UsageError(f"The {k}-th nearest neighbour was asked for; there are {max(n, 0)} to choose from.")
    centre = bank.mean(axis=0, dtype=np.float64)  # distances stay; numbers get small, and rounding with them
    left = np.asarray(bank - centre, dtype=np.float32)
    right = left if points is None else np.asarray(points - centre, dtype=np.float32)
    squares = np.einsum("ij,ij->i", left, left)
    step = max(1, _BLOCK // len(left))
    for start in range(0, len(right), step):
        block = right[start : start + step]
        distances = block @ left.T
        distances *= -2
        distances += squares
        distances += np.einsum("ij,ij->i", block, block)[:, None]
        if points is None:
            rows = np.arange(len(block))
            distances[rows, start + rows] = np.inf
        yield distances


def _root(squares: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)), dtype=np.float64)
