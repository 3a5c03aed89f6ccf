"""The suggested rhythm of retraining: after how many days a new champion has lost accuracy worth a turn.

The accuracy of each champion is followed from its promotion on by a straight line, and the slopes are pooled.
Champions differ in how fast they decay, and few promotions do not say by how much; so they are taken to
differ by 40 % to begin with, which is worth as much as four promotions more (a random-effects model with
DerSimonian and Laird's moment estimate, shrunk towards that). A straight line is meant for the first points
of accuracy that are lost, not for the end; where accuracy fell at once, no rhythm would have helped: that
reign is left out, and where most were so, there is no rhythm.

Source: DerSimonian, R., Laird, N. (1986). Meta-analysis in clinical trials. Controlled Clinical Trials 7,
177-188.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from driftwheel.performance.figure import LEVEL
from driftwheel.wheel.reign import Decay, Reign, decay_of, is_enough

__all__ = ["Rhythm", "RhythmKind", "suggest_rhythm"]

RhythmKind = Literal["every", "not_before", "cannot_tell"]
"""``every``: accuracy falls, after so many days by the loss. ``not_before``: no fall is shown, and it takes
at least so many days. ``cannot_tell``: there is too little to go by, or it falls at once."""

_DIFFER: Final = 0.4  # standard deviation of champions' slopes as a share of the mean, to begin with
_WORTH: Final = 4.0  # promotions that this is worth
_MOST: Final = 2.0  # they are taken to differ by at most so many times the mean
_DRAWN_OUT: Final = 3.0  # times the days seen: a line is not drawn out further


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often to retrain.

    Attributes
    ----------
    told
        What is suggested and why, or why nothing is, in sentences.
    loss
        Accuracy that is lost after `days`, 0…1.
    days, low, high
        Until then, of a champion like those so far, with the interval of 90 %; `high` None: without end.
        Of ``not_before`` only `low`.
    slope, slope_low, slope_high
        Accuracy lost a day, with its interval; below 0: it rose.
    reigns
        What was looked at, the newest promotion first.
    decays
        Of each reign; None: it says too little.
    labels
        Of the reigns that count.
    suggested
        Whole days between turns; None: none are suggested.
    """

    kind: RhythmKind
    told: str
    loss: float
    days: float | None = None
    low: float | None = None
    high: float | None = None
    slope: float | None = None
    slope_low: float | None = None
    slope_high: float | None = None
    reigns: tuple[Reign, ...] = ()
    decays: tuple[Decay | None, ...] = ()
    labels: int = 0
    suggested: int | None = None


@dataclass(frozen=True, slots=True)
class _Pooled:
    slope: float
    low: float
    high: float


def suggest_rhythm(reigns: Sequence[Reign], loss: float) -> Rhythm:
    """Return after how many days accuracy has fallen by `loss`, judged by the reigns so far.

    Parameters
    ----------
    reigns
        The newest promotion first.
    loss
        Above 0: the policy's `harm_margin`.

    Notes
    -----
    Tried on simulated champions (bench/rhythm.py): the interval of 90 % held the days of the mean champion in
    88 to 99 % of the runs for 1 to 12 promotions, and in 73 to 80 % where the slopes' standard deviation was
    as large as their mean.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from driftwheel.wheel.reign import ReignPoint
    >>> points = tuple(ReignPoint(day, 0.95 - 0.004 * day, 0.9, 1.0, 400) for day in range(20))
    >>> found = suggest_rhythm([Reign("v2", datetime(2026, 11, 1, tzinfo=UTC), None, points)], 0.05)
    >>> found.kind, round(found.days or 0, 1), found.suggested
    ('every', 12.5, 12)
    >>> suggest_rhythm([], 0.05).told
    'Cannot tell: no champion has been promoted yet.'
    """
    decays = tuple(decay_of(one.points) if is_enough(one) else None for one in reigns)
    counted = [
        (reign, decay)
        for reign, decay in zip(reigns, decays, strict=True)
        if decay is not None and decay.sudden is None
    ]
    if 2 * len(counted) < sum(one is not None for one in decays) or not counted:
        told = _too_little(reigns, decays)
        return Rhythm("cannot_tell", told, loss, reigns=tuple(reigns), decays=decays)
    found = _pool([decay for _, decay in counted])
    seen = max(reign.days for reign, _ in counted)
    labels = sum(reign.labels for reign, _ in counted)
    basis = f"{labels:,} labels of {_several(len(counted), 'promotion')}, seen for up to {_days(seen)}"
    left_out = _left_out(decays)
    shortest = loss / found.high if found.high > 0 else None
    longest = _DRAWN_OUT * seen
    if found.low <= 0:
        low = longest if shortest is None else min(shortest, longest)
        told = (
            f"After a promotion accuracy is not shown to fall; by {_points(loss)} it falls in no less than "
            f"{_days(low)} ({basis}).{left_out}"
        )
        return Rhythm(
            "not_before",
            told,
            loss,
            low=low,
            slope=found.slope,
            slope_low=found.low,
            slope_high=found.high,
            reigns=tuple(reigns),
            decays=decays,
            labels=labels,
        )
    days, high = loss / found.slope, loss / found.low
    suggested = max(1, round(min(days, longest)))
    drawn_out = f" No champion was seen for longer than {_days(seen)}." if days > seen else ""
    told = (
        f"Retrain every {_days(suggested)}: after a promotion accuracy falls by {_points(loss)} in "
        f"{_days(days)} (90 %: {_number(shortest or 0.0)} to {_days(high)}; {basis}).{drawn_out}{left_out}"
    )
    return Rhythm(
        "every",
        told,
        loss,
        days,
        shortest,
        high,
        found.slope,
        found.low,
        found.high,
        tuple(reigns),
        decays,
        labels,
        suggested,
    )


def _pool(decays: Sequence[Decay]) -> _Pooled:
    """Return the mean slope of champions, with its interval.

    That labels are few adds to a slope, and so may turn its sign; that champions differ multiplies it. Both
    half widths are added in quadrature: as factors where the sign is known.
    """
    slopes = np.array([one.slope for one in decays])
    freedom = sum(one.freedom for one in decays)
    beyond = max(1.0, sum(one.misfit for one in decays) / freedom)  # days differ by more than labels explain
    variances = beyond * np.array([one.variance for one in decays])
    differ, worth = _champions_differ(slopes, variances)
    weights = 1 / (variances + (differ * _fixed(slopes, variances)) ** 2)
    weights /= weights.sum()
    slope = float(weights @ slopes)
    noise = _quantile(freedom) * math.sqrt(float(weights**2 @ variances))
    factor = _quantile(worth) * math.sqrt(math.log(1 + differ**2) * float(weights @ weights))
    size = abs(slope)
    if size > noise:
        least = size * math.exp(-math.hypot(math.log(size / (size - noise)), factor))
        most = size * math.exp(math.hypot(math.log((size + noise) / size), factor))
        return _Pooled(slope, least, most) if slope > 0 else _Pooled(slope, -most, -least)
    half = math.hypot(noise, size * math.expm1(factor))
    return _Pooled(slope, slope - half, slope + half)


def _champions_differ(slopes: NDArray[np.float64], variances: NDArray[np.float64]) -> tuple[float, float]:
    """Return how far champions differ, as a share of their mean slope, and the degrees of freedom of that."""
    more = len(slopes) - 1
    if not more:
        return _DIFFER, _WORTH
    weights, fixed = 1 / variances, _fixed(slopes, variances)
    scale = float(weights.sum() - weights @ weights / weights.sum())
    between = max(0.0, (float(weights @ (slopes - fixed) ** 2) - more) / scale)
    share = min(between / fixed**2, _MOST**2) if fixed else _MOST**2
    return math.sqrt((_WORTH * _DIFFER**2 + more * share) / (_WORTH + more)), _WORTH + more


def _fixed(slopes: NDArray[np.float64], variances: NDArray[np.float64]) -> float:
    return float(np.average(slopes, weights=1 / variances))


def _quantile(freedom: float) -> float:
    return float(stdtrit(freedom, (1 + LEVEL) / 2))


def _too_little(reigns: Sequence[Reign], decays: Sequence[Decay | None]) -> str:
    if not reigns:
        return "Cannot tell: no champion has been promoted yet."
    fell = [
        (one, decay)
        for one, decay in zip(reigns, decays, strict=True)
        if decay is not None and decay.sudden is not None
    ]
    if not fell:
        labels = sum(one.labels for one in reigns)
        return (
            f"Cannot tell: of {_several(len(reigns), 'promotion')} none has 50 labels on four days or more "
            f"since ({labels:,} labels in all). Truths that are told, and random tasks to measure on, make "
            "it known."
        )
    reign, decay = fell[0]
    return (
        f"Cannot tell: after the promotion of '{reign.version}' accuracy fell at once, about "
        f"{_days(decay.sudden or 0.0)} later, from {100 * (decay.before or 0):.1f} to "
        f"{100 * (decay.after or 0):.1f}\u00a0%, and not bit by bit. No rhythm would have caught that; let "
        "alerts and measured accuracy begin turns."
    )


def _left_out(decays: Sequence[Decay | None]) -> str:
    fell = sum(one is not None and one.sudden is not None for one in decays)
    return f" {_several(fell, 'promotion')} after which it fell at once left out." if fell else ""


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _number(days: float) -> str:
    return f"{days:,.0f}" if days >= 10 else f"{days:.2g}"


def _days(days: float) -> str:
    return f"{_number(days)} day{'' if _number(days) == '1' else 's'}"


def _points(loss: float) -> str:
    return f"{100 * loss:g} point{'' if loss == 0.01 else 's'}"
