"""Watch: whether a new champion is shown to be worse than the old one, on images that came after it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from driftwheel.performance.gate_rule import alpha_of_look
from driftwheel.performance.paired_difference import PairedCounts, better_p, difference_bounds

__all__ = ["CONFIDENCE", "LEAST_WATCHED", "WatchVerdict", "is_to_look", "judge_watch"]

CONFIDENCE = 0.95
"""Chance that a champion that is not worse is kept, over all the looks that are taken at it."""

LEAST_WATCHED = 20
"""Labelled images before the first look."""

_GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class WatchVerdict:
    """What one look says.

    Attributes
    ----------
    worse
        The new champion is shown to be worse.
    n
        Labelled images that both were asked about.
    old, new
        Accuracy 0…1; NaN without images.
    low, high
        Bounds of the true difference, new less old, each at the confidence of this look.
    p_value
        One-sided, that the new one is no worse: McNemar's test, exact.
    alpha
        The error that this look may spend.
    """

    worse: bool
    n: int
    old: float
    new: float
    low: float
    high: float
    p_value: float
    alpha: float


def is_to_look(n: int, looked_at: int, *, last: bool) -> bool:
    """Return whether there is a reason to look again: half as many labels more, or any at the end.

    Every look spends some of the error, so few are taken.

    Examples
    --------
    >>> [is_to_look(n, 20, last=False) for n in (29, 30)], is_to_look(21, 20, last=True)
    ([False, True], True)
    """
    if last:
        return n > looked_at
    return n >= max(LEAST_WATCHED, math.ceil(_GROWTH * looked_at))


def judge_watch(counts: PairedCounts, *, margin: float, look: int) -> WatchVerdict:
    """Return whether the new champion is shown to be worse than the old one, by more than a margin.

    Parameters
    ----------
    counts
        The old one as the champion, the new one as the challenger.
    margin
        Accuracy that it may be worse by, 0…1. With 0 McNemar's exact test decides, else Tango's bound.
    look
        From 1 on: the looks share the error, see `driftwheel.performance.gate_rule.alpha_of_look`.

    Examples
    --------
    >>> judge_watch(PairedCounts(60, 40, 1, 12), margin=0.0, look=1).worse
    True
    >>> judge_watch(PairedCounts(60, 50, 2, 4), margin=0.0, look=1).worse
    False
    """
    alpha = alpha_of_look(CONFIDENCE, look)
    p_value = better_p(PairedCounts(counts.n, counts.both, counts.lost, counts.gained))
    low, high = difference_bounds(counts, 1 - alpha)
    worse = p_value <= alpha and (margin <= 0 or high < -margin)
    return WatchVerdict(worse, counts.n, counts.champion, counts.challenger, low, high, p_value, alpha)
