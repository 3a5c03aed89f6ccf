"""K-centre: images as far as can be from each other and from those that are labelled already."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError
from driftwheel.selection.embedding_table import as_rows, as_table, squared_distances_to_nearest

__all__ = ["k_centre"]


def k_centre(
    embeddings: ArrayLike,
    count: int,
    *,
    labelled: ArrayLike = (),
    eligible: ArrayLike | None = None,
) -> NDArray[np.intp]:
    """Return the rows of `count` images, each the farthest from all that are labelled or chosen before it.

    Parameters
    ----------
    embeddings
        (n, d), finite.
    count
        How many; fewer come back where fewer are eligible.
    labelled
        Rows (numbers, or n bools) that are covered already. Without any, the first one chosen is the one
        nearest to the mean.
    eligible
        Rows (numbers, or n bools) that may be chosen; all by default. Those labelled never are.

    Returns
    -------
    (count,) row numbers in the order of choice; of equal distances the lower row number goes first.

    Raises
    ------
    UsageError
        For a count below 0, rows that are not in the table, or values that are not finite.

    Notes
    -----
    Greedy: no image is then farther from a labelled one than twice the least radius that `count` more could
    give. That covers every corner of the pool, the odd ones first: outliers, damaged and foreign images. It
    is for finding those, and poor as the only way to choose what to train on (see `bench/selection.py`).

    Time n · d · count; memory one float32 copy of the table and 16 MB. 200 of 50,000 × 128: about half a
    second on one core. Sources: Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985;
    Sener and Savarese, "Active learning for convolutional neural networks: a core-set approach", ICLR 2018.

    Examples
    --------
    >>> k_centre([[0.0], [1.0], [5.0], [9.0]], 2, labelled=[0]).tolist()
    [3, 2]
    """
    if count < 0:
        raise UsageError(f"{count} images were asked for; expected 0 or more.")
    table = as_table(embeddings)
    taken = as_rows(labelled, len(table), "labelled")
    free = np.ones(len(table), dtype=bool)
    if eligible is not None:
        free[:] = False
        free[as_rows(eligible, len(table), "eligible")] = True
    free[taken] = False
    squares = np.einsum("ij,ij->i", table, table)
    nearest = squared_distances_to_nearest(table, table[taken]) if len(taken) else None
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        if nearest is None:
            row = int(np.argmin(np.where(free, squares, np.inf)))
            nearest = np.full(len(table), np.inf, dtype=np.float32)
        else:
            row = int(np.argmax(np.where(free, nearest, -1.0)))
        chosen.append(row)
        free[row] = False
        apart = table @ (-2 * table[row])
        apart += squares
        apart += squares[row]
        np.minimum(nearest, np.maximum(apart, 0.0, out=apart), out=nearest)
    return np.array(chosen, dtype=np.intp)
