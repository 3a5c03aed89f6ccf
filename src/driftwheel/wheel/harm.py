"""Harm: whether the champion is shown to be worse on what was labelled than it usually is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from driftwheel.errors import UsageError
from driftwheel.performance.wilson import wilson_interval

__all__ = ["LEAST_SAMPLE", "Harm", "HarmState", "judge_harm"]

HarmState = Literal["shown", "not_shown", "unknown"]

LEAST_SAMPLE = 20
"""Labels drawn at random below which nothing is said."""


@dataclass(frozen=True, slots=True)
class Harm:
    """What labels drawn at random tell of the champion.

    Attributes
    ----------
    state
        ``shown``: it lost the margin or more, and the whole interval of 90 % lies below what is usual.
        ``not_shown``: not so. ``unknown``: there are too few labels, or nobody knows what is usual.
    n
        Labels drawn at random.
    accuracy, low, high
        Of the champion on them, 0…1, with the ends of the interval of 90 % (Wilson); None without labels.
    usual
        What it is compared with, 0…1; None: nobody knows.
    """

    state: HarmState
    n: int
    accuracy: float | None
    low: float | None
    high: float | None
    usual: float | None

    @property
    def loss(self) -> float | None:
        """Accuracy lost, −1…1; None where it is not known."""
        return None if self.accuracy is None or self.usual is None else self.usual - self.accuracy


def judge_harm(right: int, n: int, usual: float | None, margin: float) -> Harm:
    """Return whether a loss of accuracy is shown.

    Parameters
    ----------
    right, n
        Of n labels drawn at random so many are what the champion said.
    usual
        Its accuracy before, 0…1.
    margin
        Accuracy whose loss counts as harm, 0…1.

    Raises
    ------
    UsageError
        For counts that cannot be.

    Examples
    --------
    >>> judge_harm(60, 80, 0.95, 0.05).state, judge_harm(74, 80, 0.95, 0.05).state
    ('shown', 'not_shown')
    >>> judge_harm(5, 10, 0.95, 0.05).state
    'unknown'
    """
    if not 0 <= right <= n:
        raise UsageError(f"Of {n} labels {right} cannot be right; give 0 to {n}.")
    if n == 0:
        return Harm("unknown", 0, None, None, None, usual)
    low, high = (float(one) for one in wilson_interval(right, n))
    accuracy = right / n
    state: HarmState = "unknown"
    if usual is not None and n >= LEAST_SAMPLE:
        state = "shown" if usual - accuracy >= margin - 1e-12 and high < usual else "not_shown"
    return Harm(state, n, accuracy, low, high, usual)
