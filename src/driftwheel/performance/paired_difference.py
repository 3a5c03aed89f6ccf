"""Two versions of a model on the same images: how far they differ, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtrc, ndtr, ndtri

from driftwheel.errors import UsageError

__all__ = ["PairedCounts", "better_p", "difference_bounds", "not_worse_p", "paired_counts"]

_STEPS = 60  # halvings: far below 1e-12


@dataclass(frozen=True, slots=True)
class PairedCounts:
    """How often two versions were right on the same n images.

    Attributes
    ----------
    n
        Images.
    both
        Where both were right.
    gained
        Where the challenger alone was right.
    lost
        Where the champion alone was right.
    """

    n: int
    both: int
    gained: int
    lost: int

    def __post_init__(self) -> None:
        if min(self.both, self.gained, self.lost) < 0 or self.both + self.gained + self.lost > self.n:
            raise UsageError(
                f"Of {self.n} images, {self.both} both right, {self.gained} gained and {self.lost} lost are "
                "no counts of pairs."
            )

    @property
    def champion(self) -> float:
        """Accuracy of the champion, 0…1; NaN without images."""
        return (self.both + self.lost) / self.n if self.n else math.nan

    @property
    def challenger(self) -> float:
        """Accuracy of the challenger, 0…1; NaN without images."""
        return (self.both + self.gained) / self.n if self.n else math.nan

    @property
    def difference(self) -> float:
        """Accuracy of the challenger less that of the champion, −1…1; NaN without images."""
        return (self.gained - self.lost) / self.n if self.n else math.nan

    @property
    def discordant(self) -> float:
        """Share of images on which one of them alone was right, 0…1; NaN without images."""
        return (self.gained + self.lost) / self.n if self.n else math.nan


def paired_counts(champion_right: ArrayLike, challenger_right: ArrayLike) -> PairedCounts:
    """Count pairs in two (n,) columns of whether each version was right on the same images.

    Raises
    ------
    UsageError
        For columns of unequal length.

    Examples
    --------
    >>> paired_counts([True, True, False], [True, False, True])
    PairedCounts(n=3, both=1, gained=1, lost=1)
    """
    first, second = (np.asarray(one, dtype=np.bool_) for one in (champion_right, challenger_right))
    if first.ndim != 1 or first.shape != second.shape:
        raise UsageError(
            "Whether two versions were right are two columns of one length; got shapes "
            f"{first.shape} and {second.shape}."
        )
    both, gained, lost = (first & second).sum(), (~first & second).sum(), (first & ~second).sum()
    return PairedCounts(len(first), int(both), int(gained), int(lost))


def better_p(counts: PairedCounts) -> float:
    """Return the one-sided p-value that the challenger is no better: McNemar's test, exact.

    Given how many images tell the two apart, each is a fair coin if they are equally good. Without such
    images it is 1. Exact, for every n; its error is at most the level asked for.

    References
    ----------
    Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12, 1947.

    Examples
    --------
    >>> better_p(PairedCounts(100, 80, 5, 0))
    0.03125
    """
    told_apart = counts.gained + counts.lost
    return 1.0 if counts.gained == 0 else float(bdtrc(counts.gained - 1, told_apart, 0.5))


def not_worse_p(counts: PairedCounts, margin: float) -> float:
    """Return the one-sided p-value that the challenger is worse by `margin` or more: Tango's score test.

    Parameters
    ----------
    margin
        Accuracy that may be lost, above 0 and below 1.

    Raises
    ------
    UsageError
        For another margin.

    Notes
    -----
    For n of 30 and more its error exceeds the level asked for by at most a fifth, as an enumeration of all
    tables shows (the tests). Source: T. Tango, "Equivalence test and confidence interval for the difference
    in proportions for the paired-sample design", Statistics in Medicine 17, 1998.

    Examples
    --------
    >>> round(not_worse_p(PairedCounts(200, 180, 4, 4), margin=0.05), 6)
    0.003853
    """
    if not 0 < margin < 1:
        raise UsageError(f"The margin is {margin:g}; give an accuracy that may be lost, above 0 and below 1.")
    return 1.0 if counts.n == 0 else float(ndtr(-_score(counts, -margin)))


def difference_bounds(counts: PairedCounts, confidence: float) -> tuple[float, float]:
    """Return the bounds of the true difference, each of which holds with `confidence`, by Tango's score.

    Below the first it lies with a chance of 1 − `confidence` at most, above the second likewise. (−1, 1)
    without images.

    Raises
    ------
    UsageError
        For a confidence that is not above 0.5 and below 1.

    Examples
    --------
    >>> low, high = difference_bounds(PairedCounts(200, 180, 12, 2), 0.95)
    >>> round(low, 3), round(high, 3)
    (0.022, 0.085)
    """
    if not 0.5 < confidence < 1:
        raise UsageError(f"The confidence is {confidence:g}; give one above 0.5 and below 1.")
    if counts.n == 0:
        return -1.0, 1.0
    z = float(ndtri(confidence))
    return _where(counts, z, -1.0, counts.difference), _where(counts, -z, counts.difference, 1.0)


def _where(counts: PairedCounts, score: float, low: float, high: float) -> float:
    """Return the difference between `low` and `high` with that score, which falls from one to the other."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _score(counts, middle) > score:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _score(counts: PairedCounts, difference: float) -> float:
    """Return how many deviations the counts lie above a true difference, which is above −1 and below 1."""
    n, gained, lost = counts.n, counts.gained, counts.lost
    b = (2 * n - gained + lost) * difference - gained - lost
    c = -lost * difference * (1 - difference)
    lost_share = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
    variance = n * (2 * lost_share + difference * (1 - difference))
    off = gained - lost - n * difference
    if variance <= 1e-15:
        return math.copysign(math.inf, off) if abs(off) > 1e-12 else 0.0
    return off / math.sqrt(variance)
