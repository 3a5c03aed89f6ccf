"""Closeness to feedback: images that people called wrong, and images that look like them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError
from driftwheel.selection.embedding_table import as_table

__all__ = ["feedback_closeness"]

_MOST_SCALED = 200  # images whose nearest neighbours tell the scale
_BLOCK = 4_000_000


def feedback_closeness(
    feedback: ArrayLike, embeddings: ArrayLike | None = None, *, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return (n,) numbers in [0, 1]: 1 for an image that was called wrong, less for one that looks like it.

    Parameters
    ----------
    feedback
        (n,) 1 where a person called the prediction wrong, 0 where one called it right, NaN where nobody said
        anything.
    embeddings
        (n, d) of the same images, finite; without them, only the images called wrong get a number above 0.
    rng
        Draws 200 images, whose median distance to their nearest neighbours is the scale s.

    Returns
    -------
    W / (W + R + 1), where W is the sum over the images called wrong of exp(−(distance / s)² / 2), and R that
    over those called right: near 0 far from all feedback, and wherever "right" was said as often. 1 for those
    called wrong, 0 for those called right.

    Raises
    ------
    UsageError
        For tables of unequal length, or other numbers than 0, 1 and NaN.

    Examples
    --------
    >>> said = [1.0, float("nan"), float("nan"), 0.0]
    >>> found = feedback_closeness(said, [[0.0], [1.0], [7.0], [8.0]], rng=np.random.default_rng(0))
    >>> found.round(2).tolist()
    [1.0, 0.38, 0.0, 0.0]
    """
    said = np.asarray(feedback, dtype=np.float64)
    known = ~np.isnan(said)
    if said.ndim != 1 or not np.isin(said[known], (0.0, 1.0)).all():
        raise UsageError("Feedback is one number an image: 1 (wrong), 0 (right) or NaN (nothing was said).")
    found = np.where(known, said, 0.0)
    if embeddings is None or not (said == 1).any():
        return found
    table = as_table(embeddings)
    if len(table) != len(said):
        raise UsageError(
            f"There are {len(said)} images with or without feedback and {len(table)} embeddings."
        )
    scale = _scale(table, rng)
    if scale > 0:
        wrong, right = (_kernel_sums(table, table[said == value], scale) for value in (1.0, 0.0))
        found = np.where(known, found, wrong / (wrong + right + 1))
    return found


def _scale(table: NDArray[np.float32], rng: np.random.Generator) -> float:
    """Return the median squared distance of some images to their nearest neighbours that are not copies."""
    rows = rng.permutation(len(table))[:_MOST_SCALED]
    squares = np.einsum("ij,ij->i", table, table)
    least = []
    for row in rows:
        apart = squares + squares[row] - 2 * (table @ table[row])
        apart = apart[apart > 1e-6 * max(float(squares[row]), 1e-12)]
        if len(apart):
            least.append(float(apart.min()))
    return float(np.median(least)) if least else 0.0


def _kernel_sums(
    table: NDArray[np.float32], centres: NDArray[np.float32], scale: float
) -> NDArray[np.float64]:
    sums = np.zeros(len(table))
    squares = np.einsum("ij,ij->i", table, table)
    step = max(1, _BLOCK // max(len(table), 1))
    for start in range(0, len(centres), step):
        few = centres[start : start + step]
        apart = squares[:, None] + np.einsum("ij,ij->i", few, few) - 2 * (table @ few.T)
        sums += np.exp(-np.maximum(apart, 0.0) / (2 * scale)).sum(axis=1)
    return sums
