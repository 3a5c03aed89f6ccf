"""BADGE: images whose labels would move the last layer far, and each in a direction of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError
from driftwheel.selection.embedding_table import as_rows, as_table
from driftwheel.selection.k_means_plus_plus import draw_apart
from driftwheel.selection.score_rows import as_shares

__all__ = ["badge"]


def badge(
    embeddings: ArrayLike,
    scores: ArrayLike,
    count: int,
    *,
    rng: np.random.Generator,
    eligible: ArrayLike | None = None,
) -> NDArray[np.intp]:
    """Return the rows of `count` images, drawn by k-means++ on the gradients of the last layer.

    The gradient is that of the loss if the named class were the true one: the embedding times (scores − the
    named class), k · d numbers for each image, of which only products are computed.

    Parameters
    ----------
    embeddings, scores
        (n, d), finite, and (n, k). A row of NaN scores is never drawn.
    count
        How many; fewer come back where fewer are eligible.
    rng
        Draws.
    eligible
        Rows (numbers, or n bools) that may be drawn; all by default.

    Returns
    -------
    (count,) row numbers in the order of the draws; the first has the longest gradient.

    Raises
    ------
    UsageError
        For tables of unequal length, or what `k_centre` and `margin` refuse.

    Notes
    -----
    Time n · (d + k) · count, memory a copy of both tables. Source: Ash, Zhang, Krishnamurthy, Langford and
    Agarwal, "Deep batch active learning by diverse, uncertain gradient lower bounds", ICLR 2020.

    Examples
    --------
    >>> found = badge([[-2.0], [1.0], [0.9], [0.1]], [[0.9, 0.1]] + [[0.5, 0.5]] * 3, 1,
    ...               rng=np.random.default_rng(0))
    >>> found.tolist()
    [1]
    """
    table, shares = as_table(embeddings), as_shares(scores)
    if len(table) != len(shares):
        raise UsageError(f"There are {len(table)} embeddings and {len(shares)} rows of scores.")
    if not len(table) or count <= 0:
        return np.empty(0, dtype=np.intp)
    known = ~np.isnan(shares[:, 0])
    pulls = np.where(known[:, None], shares, 0.0).astype(np.float32)
    pulls[np.arange(len(pulls)), pulls.argmax(axis=1)] -= known
    squares = np.einsum("ij,ij->i", table, table) * np.einsum("ij,ij->i", pulls, pulls)
    worth = np.zeros(len(table))
    worth[np.arange(len(table)) if eligible is None else as_rows(eligible, len(table), "eligible")] = 1.0
    worth *= known

    def distances(row: int) -> NDArray[np.float32]:
        apart = (table @ table[row]) * (pulls @ pulls[row])
        apart *= -2
        apart += squares
        apart += squares[row]
        return np.asarray(np.maximum(apart, 0.0), dtype=np.float32)

    if not worth.any():
        return np.empty(0, dtype=np.intp)
    first = int(np.argmax(np.where(worth > 0, squares, -1.0)))
    worth[first] = 0.0
    others = draw_apart(worth, count - 1, distances, rng, distances(first))
    return np.concatenate((np.array([first], dtype=np.intp), others))
