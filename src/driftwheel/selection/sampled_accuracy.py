"""Accuracy from a random sample in which images had known chances to be drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv

from driftwheel.errors import UsageError

__all__ = ["SampledAccuracy", "sampled_accuracy"]


@dataclass(frozen=True, slots=True)
class SampledAccuracy:
    """An accuracy, and how far it may be off.

    Attributes
    ----------
    accuracy
        The weighted share of right answers, in [0, 1]; None where nothing was drawn.
    low, high
        The interval that holds the accuracy over all images with the chance `level`; 0 and 1 where nothing
        was drawn.
    n
        Images drawn.
    n_effective
        How many of equal chances would tell as much, at most n.
    level
        For example 0.9.
    """

    accuracy: float | None
    low: float
    high: float
    n: int
    n_effective: float
    level: float


def sampled_accuracy(correct: ArrayLike, probabilities: ArrayLike, *, level: float = 0.9) -> SampledAccuracy:
    """Estimate the accuracy over all images from those that were drawn, each weighted by 1 / its chance.

    Parameters
    ----------
    correct
        (n,) bool, of the images drawn: whether the answer was right.
    probabilities
        (n,) the chance in (0, 1] that each had to be drawn, as `Drawn.probability` says.
    level
        Of the interval, in (0, 1).

    Raises
    ------
    UsageError
        For tables of unequal length, chances outside (0, 1], or correctness that is not bool.

    Notes
    -----
    Hájek's ratio, the Horvitz-Thompson estimate divided by the estimated number of images. The interval is
    that of Clopper and Pearson with the effective sample size (Σw)² / Σw² in place of n (Korn and Graubard,
    "Confidence intervals for proportions with small expected number of positive counts estimated from survey
    data", 1998): for equal chances exact and never too short, at most a few points too wide below 50 images.

    Examples
    --------
    Images of a window of which every tenth was drawn count ten times those of one that was labelled in full:

    >>> found = sampled_accuracy([True, False], [1.0, 0.1])
    >>> round(found.accuracy, 3), round(found.n_effective, 2)
    (0.091, 1.2)
    """
    right, chances = np.asarray(correct), np.asarray(probabilities, dtype=np.float64)
    if right.shape != chances.shape or right.ndim != 1 or (right.size and right.dtype != np.bool_):
        raise UsageError(
            f"Correctness (bool) and chances are one for each image drawn; got shapes {right.shape} of "
            f"{right.dtype} and {chances.shape}."
        )
    if not ((chances > 0) & (chances <= 1)).all() or not 0 < level < 1:
        raise UsageError("Chances to be drawn are above 0 and at most 1, and the level is between 0 and 1.")
    if not right.size:
        return SampledAccuracy(None, 0.0, 1.0, 0, 0.0, level)
    weights = 1 / chances
    accuracy = float(np.sum(weights * right) / weights.sum())
    size = float(weights.sum() ** 2 / np.sum(weights**2))
    hits, tail = accuracy * size, (1 - level) / 2
    low = float(betaincinv(hits, size - hits + 1, tail)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, size - hits, 1 - tail)) if size - hits > 1e-9 else 1.0
    return SampledAccuracy(accuracy, low, high, len(right), size, level)
