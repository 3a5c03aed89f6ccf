"""How much each image counts in learning: classes alike, and what is new beside what is old."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError

__all__ = ["draw_images", "image_weights"]


def image_weights(
    labels: NDArray[np.intp], *, balance: bool, old: NDArray[np.bool_] | None = None, replay: float = 0.5
) -> NDArray[np.float64]:
    """Return (n,) weights with a mean of 1.

    Parameters
    ----------
    labels
        (n,) class of each image.
    balance
        Each class weighs the same, among the old images and among the new.
    old
        (n,) which images were learnt from before. They weigh `replay` of all, whatever their number: so many
        of them that the old is not forgotten, so few that the new is learnt. None, or all alike: no
        difference.

    Examples
    --------
    >>> image_weights(np.array([0, 0, 0, 1]), balance=True).round(2).tolist()
    [0.67, 0.67, 0.67, 2.0]
    >>> image_weights(np.zeros(4, int), balance=False, old=np.array([True] * 3 + [False])).round(2).tolist()
    [0.67, 0.67, 0.67, 2.0]
    """
    if not 0 <= replay < 1:
        raise UsageError(f"The share of replay is {replay:g}; give a number from 0 to below 1.")
    weights = np.ones(len(labels))
    parts = [np.ones(len(labels), dtype=bool)]
    shares = [1.0]
    if old is not None and old.any() and not old.all():
        parts, shares = [old, ~old], [max(replay, 1e-6), 1 - replay]
    for part, share in zip(parts, shares, strict=True):
        if balance:
            counts = np.bincount(labels[part], minlength=int(labels.max()) + 1)
            weights[part] = 1 / counts[labels[part]]
        weights[part] *= share / weights[part].sum()
    return np.asarray(weights * len(labels))


def draw_images(weights: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.intp]:
    """Return n row numbers in random order, each as often as its weight says, rounded up or down by chance.

    Examples
    --------
    >>> np.bincount(draw_images(np.array([0.5, 0.5, 1.0, 2.0]), np.random.default_rng(0)))[2:].tolist()
    [1, 2]
    """
    n = len(weights)
    ticks = rng.random() + np.arange(n)
    shuffled = rng.permutation(n)  # so that rounding favours no neighbours
    places = np.cumsum(weights[shuffled]) * (n / weights.sum())
    rows = shuffled[np.minimum(np.searchsorted(places, ticks, side="right"), n - 1)]
    return rows[rng.permutation(n)]
