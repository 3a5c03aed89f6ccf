"""How far two versions differ in balanced accuracy on the same images: a paired bootstrap within classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError

__all__ = ["BalancedDifference", "balanced_difference"]

_PRIOR = 0.5  # images of each kind that every class is thought to have besides: no class is without doubt


@dataclass(frozen=True, slots=True)
class BalancedDifference:
    """Balanced accuracy of two versions: the mean over classes of the share of a class that was named right.

    Attributes
    ----------
    champion, challenger
        Balanced accuracy, 0…1.
    difference
        That of the challenger less that of the champion.
    low, high
        Each holds with the confidence asked for.
    n, classes
        Images, and classes among them.
    draws
        Of the bootstrap.
    """

    champion: float
    challenger: float
    difference: float
    low: float
    high: float
    n: int
    classes: int
    draws: int


def balanced_difference(
    truth: ArrayLike,
    champion: ArrayLike,
    challenger: ArrayLike,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    draws: int = 4000,
) -> BalancedDifference:
    """Compare two versions by balanced accuracy, image by image.

    Parameters
    ----------
    truth, champion, challenger
        (n,) true classes, and those that each version named, as numbers or names; n ≥ 1.
    rng
        Draws the bootstrap.

    Raises
    ------
    UsageError
        For columns of unequal length, or without images.

    Notes
    -----
    Images are drawn again within each class, in pairs, so that what the two have in common does not widen
    the interval. Every class is given half an image more of each kind (gained, lost): a class whose few
    images were all right is not known to be so for ever. Source: B. Efron and R. J. Tibshirani, "An
    Introduction to the Bootstrap", 1993, chapter 13.

    Examples
    --------
    >>> found = balanced_difference(
    ...     [0] * 40 + [1] * 10, [0] * 50, [0] * 40 + [1] * 10, rng=np.random.default_rng(0)
    ... )
    >>> found.champion, found.challenger, round(found.low, 1)
    (0.5, 1.0, 0.3)
    """
    true, first, second = (np.asarray(one) for one in (truth, champion, challenger))
    if true.ndim != 1 or true.shape != first.shape or true.shape != second.shape or not true.size:
        raise UsageError(
            "Truths and the answers of two versions are three columns of one length, of one image or "
            f"more; got shapes {true.shape}, {first.shape} and {second.shape}."
        )
    names, of = np.unique(true, return_inverse=True)
    counts = np.bincount(of)
    right = [np.bincount(of, one == true) / counts for one in (first, second)]
    gained = np.bincount(of, (second == true) & (first != true))
    lost = np.bincount(of, (first == true) & (second != true))
    drawn = _drawn(counts, gained, lost, draws, rng)
    low, high = np.quantile(drawn, [1 - confidence, confidence])
    before, after = (float(one.mean()) for one in right)
    return BalancedDifference(
        before, after, after - before, float(low), float(high), len(true), len(names), draws
    )


def _drawn(
    counts: NDArray[np.intp],
    gained: NDArray[np.intp],
    lost: NDArray[np.intp],
    draws: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return (draws,) differences of balanced accuracy."""
    found = np.zeros(draws)
    for n, up, down in zip(counts, gained, lost, strict=True):
        chances = np.array([up + _PRIOR, down + _PRIOR, n - up - down]) / (n + 2 * _PRIOR)
        cells = rng.multinomial(n, chances, size=draws)
        found += (cells[:, 0] - cells[:, 1]) / n
    return found / len(counts)
