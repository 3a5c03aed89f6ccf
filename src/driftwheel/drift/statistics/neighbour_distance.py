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

    Computed in blocks of float32: memory for 4 million distances at a time, whatever n and m. Neighbours are
    told apart where their distances differ by more than about 1e-3 of the spread of the bank; the distances
    themselves are exact to rounding.

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
    found = [distances[:, -1] for distances, _ in _nearest(bank, points, k)]
    return np.concatenate(found) if found else np.empty(0)


def neighbour_ratios(
    bank: NDArray[np.floating], points: NDArray[np.floating], *, k: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how much farther the k-th neighbour is than is usual around there: for the bank, and for points.

    The distance to the k-th neighbour, divided by the mean of the same distance at those k neighbours: about
    1 inside a cloud of any density, so that a point beside a tight cluster stands out although its neighbours
    are near. It is the local outlier factor without its smoothing. A point of the bank is compared with the
    others; any other point is judged as if it alone had joined the bank, so that it and its neighbours count
    it as theirs alike.

    Parameters, memory and errors are those of `neighbour_distances`.

    Returns
    -------
    (n,) and (m,) float64, at least 0.

    References
    ----------
    Breunig, Kriegel, Ng and Sander, "LOF: identifying density-based local outliers", SIGMOD 2000.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> usual, found = neighbour_ratios(line, np.array([[9.0]]), k=1)
    >>> usual.tolist(), found.tolist()
    ([1.0, 1.0, 1.0, 1.0], [6.0])
    """
    own = list(_nearest(bank, None, k))
    distances, nearest = (np.concatenate(parts) for parts in zip(*own, strict=True))
    radius, inner = distances[:, -1], distances[:, -2] if k > 1 else np.zeros(len(bank))
    least = 1e-3 * float(np.median(radius)) or 1.0  # where the nearest are copies of one another
    found = [
        far[:, -1] / np.maximum(np.clip(far, inner[near], radius[near]).mean(axis=1), least)
        for far, near in _nearest(bank, points, k)
    ]
    usual = radius / np.maximum(radius[nearest].mean(axis=1), least)
    return usual, np.concatenate(found) if found else np.empty(0)


def _nearest(
    bank: NDArray[np.floating], points: NDArray[np.floating] | None, k: int
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.intp]]]:
    """Yield, block by block, the (b, k) distances to the k nearest, ascending, and which these are."""
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
        distances += squares  # and a constant for each row, which changes no order
        if points is None:
            rows = np.arange(len(block))
            distances[rows, start + rows] = np.inf
        nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]
        exact = np.empty(nearest.shape)
        for column in range(k):  # once more without the rounding of large squares
            between = block - left[nearest[:, column]]
            exact[:, column] = np.einsum("ij,ij->i", between, between)
        order = np.argsort(exact, axis=1, kind="stable")
        yield np.sqrt(np.take_along_axis(exact, order, axis=1)), np.take_along_axis(nearest, order, axis=1)
