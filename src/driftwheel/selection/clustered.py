"""Clustered choice: of the images with the highest worth, such that differ from each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError
from driftwheel.selection.embedding_table import as_rows, as_table
from driftwheel.selection.k_means import k_means

__all__ = ["clustered"]


def clustered(
    embeddings: ArrayLike,
    worth: ArrayLike,
    count: int,
    *,
    rng: np.random.Generator,
    eligible: ArrayLike | None = None,
    breadth: float = 10.0,
) -> NDArray[np.intp]:
    """Return the rows of `count` images of high worth, one of each of as many clusters.

    The `breadth` · `count` images of the highest worth are cut into `count` clusters by k-means weighted by
    worth; each gives the image nearest to its centre. What is worth the most is often all of one kind, and a
    batch of the top alone is a batch of near copies.

    Parameters
    ----------
    embeddings
        (n, d), finite.
    worth
        (n,) numbers, such as the doubts of `margin`; an image of NaN, or of 0 or less, is never chosen.
    count
        How many; fewer come back where fewer are eligible.
    rng
        Says where k-means begins, and breaks ties at the border of the top.
    eligible
        Rows (numbers, or n bools) that may be chosen; all by default.
    breadth
        1 is the top by worth alone; the higher, the more difference counts. At least 1.

    Returns
    -------
    (count,) row numbers, the one of the highest worth first.

    Raises
    ------
    UsageError
        For a worth of another shape, a breadth below 1, or what `k_centre` refuses.

    Notes
    -----
    Time grows with breadth · count², not with the pool, of which only the top is looked at: 200 of 50,000 ×
    128 take about 0.1 s. Source: Zhdanov, "Diverse mini-batch active learning", 2019 (arXiv 1901.05954),
    whose breadth is 10 too.

    Examples
    --------
    Two of the best three are the same image:

    >>> found = clustered([[1.0], [1.0], [5.0], [0.0]], [1.0, 0.9, 0.8, 0.0], 2, rng=np.random.default_rng(0))
    >>> found.tolist()
    [0, 2]
    """
    table, value = np.asarray(embeddings), np.asarray(worth, dtype=np.float64)
    if value.shape != (len(table),) or count < 0 or not breadth >= 1:
        raise UsageError(
            f"Of {len(table)} images {count} were asked for, with worths of shape {value.shape} and a "
            f"breadth of {breadth:g}; expected a count of at least 0, one worth an image and a "
            f"breadth of at least 1."
        )
    able = value > 0  # NaN is not
    if eligible is not None:
        may = np.zeros(len(table), dtype=bool)
        may[as_rows(eligible, len(table), "eligible")] = True
        able &= may
    rows = rng.permutation(np.flatnonzero(able))
    rows = rows[np.argsort(-value[rows], kind="stable")]
    top = rows[: max(count, round(breadth * count))]
    if len(top) <= count:
        return top
    points = as_table(table[top])
    part, apart = k_means(points, count, rng=rng, weights=value[top])
    # the nearest to each centre; where copies left a cluster empty, the best of the rest
    order = np.lexsort((np.arange(len(top)), apart))
    _, first = np.unique(part[order], return_index=True)
    chosen = np.zeros(len(top), dtype=bool)
    chosen[order[first]] = True
    chosen[np.flatnonzero(~chosen)[: count - int(chosen.sum())]] = True
    return top[chosen]
