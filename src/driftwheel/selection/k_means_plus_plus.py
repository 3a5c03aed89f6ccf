"""K-means++ draws: images drawn at random, the likelier the farther they are from those drawn before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError
from driftwheel.selection.embedding_table import as_rows, as_table, squared_distances_to_nearest

__all__ = ["draw_apart", "k_means_plus_plus"]

Distances = NDArray[np.float32]


def k_means_plus_plus(
    embeddings: ArrayLike,
    count: int,
    *,
    rng: np.random.Generator,
    weights: ArrayLike | None = None,
    labelled: ArrayLike = (),
) -> NDArray[np.intp]:
    """Return the rows of `count` images, drawn with chances in proportion to weight × squared distance.

    Parameters
    ----------
    embeddings
        (n, d), finite.
    count
        How many; fewer come back where fewer have a weight above 0.
    rng
        Draws.
    weights
        (n,) numbers of at least 0, for example doubts; all alike by default. NaN counts as 0.
    labelled
        Rows (numbers, or n bools) that distances are taken to as well; never drawn. Without any, the first is
        drawn by weight alone.

    Returns
    -------
    (count,) row numbers in the order of the draws. Where nothing is left at a distance above 0, rows are
    drawn by weight alone.

    Raises
    ------
    UsageError
        For weights of another shape or below 0, or what `k_centre` refuses.

    Notes
    -----
    Between k-centre, which takes the farthest, and chance: outliers are likelier, but many ordinary images
    together are likelier still. With doubts as weights, it takes doubtful images that differ. Time and memory
    as `k_centre`. Source: Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA
    2007.

    Examples
    --------
    >>> two_places = [[0.0]] * 50 + [[9.0]] * 50
    >>> sorted((k_means_plus_plus(two_places, 2, rng=np.random.default_rng(0)) // 50).tolist())
    [0, 1]
    """
    table = as_table(embeddings)
    taken = as_rows(labelled, len(table), "labelled")
    worth = np.ones(len(table)) if weights is None else np.nan_to_num(np.asarray(weights, dtype=np.float64))
    if count < 0 or worth.shape != (len(table),) or (worth < 0).any():
        raise UsageError(
            f"Of {len(table)} images {count} were asked for, with weights of shape {worth.shape}; expected a "
            f"count of at least 0 and a weight of at least 0 for each image."
        )
    worth = worth.copy()
    worth[taken] = 0.0
    squares = np.einsum("ij,ij->i", table, table)

    def distances(row: int) -> Distances:
        apart = table @ (-2 * table[row])
        apart += squares
        apart += squares[row]
        return np.asarray(np.maximum(apart, 0.0), dtype=np.float32)

    nearest = squared_distances_to_nearest(table, table[taken]) if len(taken) else None
    return draw_apart(worth, count, distances, rng, nearest)


def draw_apart(
    worth: NDArray[np.float64],
    count: int,
    distances: Callable[[int], Distances],
    rng: np.random.Generator,
    nearest: Distances | None = None,
) -> NDArray[np.intp]:
    """Return up to `count` rows drawn with chances worth × squared distance to the nearest drawn before.

    Parameters
    ----------
    worth
        (n,) at least 0; 0 is never drawn.
    distances
        From a row to the (n,) squared distances of all rows to it.
    nearest
        (n,) squared distances to begin with; None: the first is drawn by worth alone.
    """
    left = worth.copy()
    chosen: list[int] = []
    while len(chosen) < count and left.any():
        chances = left if nearest is None else left * nearest
        if not chances.any():
            chances = left
        summed = np.cumsum(chances)
        row = int(np.searchsorted(summed, rng.random() * summed[-1], side="right"))
        row = min(row, int(np.flatnonzero(chances)[-1]))  # where rounding went past the end
        chosen.append(row)
        left[row] = 0.0
        nearest = distances(row) if nearest is None else np.minimum(nearest, distances(row))
    return np.array(chosen, dtype=np.intp)
