"""What is usual: calibrated tests of one window against the windows before it.

Each is significant only where two tests agree: one that knows how windows vary among themselves
(`driftwheel.monitors.prediction`), and an exact one of the sample alone. And, as a verdict, only where the
change is large enough to count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, betainc, betaincc

from driftwheel.drift.rules import EFFECT_FLOOR_TOTAL_VARIATION
from driftwheel.monitors.phase import same_phase
from driftwheel.monitors.prediction import Predicted, bounds, p_value_of, predict
from driftwheel.monitors.signal import Side
from driftwheel.statistics.fisher_exact import fisher_exact

__all__ = [
    "LEAST_CHANGE_OF_COUNT",
    "LEAST_CHANGE_OF_NUMBER",
    "LEAST_CHANGE_OF_SHARE",
    "LEAST_PAST",
    "Unusual",
    "usual_count",
    "usual_mix",
    "usual_number",
    "usual_share",
]

LEAST_PAST = 5
"""With fewer past windows there is no calibrated test."""

LEAST_CHANGE_OF_SHARE = 0.01
"""A share that moved by less (of 0…1) is never unusual."""

LEAST_CHANGE_OF_NUMBER = 0.02
"""A number that moved by less, as a share of what is usual, is never unusual."""

LEAST_CHANGE_OF_COUNT = 0.1
"""A volume that moved by less, as a share of what is usual, is never unusual."""


@dataclass(frozen=True, slots=True)
class Unusual:
    """What past windows say of one: the last fields of an `Observation`, by the same names.

    All None where there are fewer than `LEAST_PAST` past windows to hold it against; then `note` says so.
    """

    usual: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    judged: bool | None = None
    note: str = ""


def usual_share(
    past: Sequence[tuple[int, int]], now: tuple[int, int], alpha: float, side: Side = "above"
) -> Unusual:
    """Judge a share, k of n, against the shares of past windows.

    On the scale of arcsines of square roots, and by a beta distribution with the mean and spread of the past
    windows, whose tail is longer where shares are small; beside Fisher's exact test against all past windows
    together.

    Parameters
    ----------
    past
        k and n of each, the oldest first; windows with n = 0 are passed over.
    now
        k and n of the window.
    alpha
        The false-alarm rate of a window.
    side
        Where it would be unusual.

    Notes
    -----
    Measured at alpha = 0.0027 on beta-binomial windows of 50 to 2,000 images: at most 1.4 times the stated
    rate where windows vary by less than their mean; where they come in bursts (2 % ± 3 %) 1.4 times after 60
    windows, but 4 to 6 times in the first two weeks of days, when no burst may have been seen yet.

    Examples
    --------
    >>> found = usual_share([(2, 400), (0, 390), (1, 410), (3, 400), (1, 395), (2, 400)], (60, 400), 0.0027)
    >>> found.judged, round(found.usual, 4)
    (True, 0.0038)
    """
    kept = np.array([pair for pair in past if pair[1] > 0], np.float64).reshape(-1, 2)
    if now[1] <= 0 or len(kept) < LEAST_PAST:
        return _too_few(len(kept))
    hits, totals = kept.T
    sampling = 1 / (totals + 0.5)
    predicted = predict(_arcsine(hits, totals), sampling, 1 / (now[1] + 0.5))
    of_beta = _beta_tail(hits, totals, now, side)
    value = float(_arcsine(*now))
    exact = _share_by_chance(now, (int(hits.sum()), int(totals.sum())), side)
    low, high = (_share_of(one, now[1]) for one in bounds(predicted, alpha, side))
    usual = float(hits.sum() / totals.sum())
    share = now[0] / now[1]
    return _judged(
        max(p_value_of(value, predicted, side), of_beta, exact),
        alpha,
        large=abs(share - usual) >= LEAST_CHANGE_OF_SHARE,
        usual=usual,
        low=None if side == "above" else min(low, usual),
        high=None if side == "below" else max(high, usual),
        windows=len(kept),
    )


def usual_number(
    past: Sequence[tuple[float, int]], now: tuple[float, int], alpha: float, side: Side = "either"
) -> Unusual:
    """Judge a number measured on n records against the same of past windows.

    As if all the spread were between windows, and as if all of it came from samples of n, whichever says
    less; where all numbers are above 0, on the scale of logarithms too, so that a long tail is no surprise.

    Parameters
    ----------
    past
        The number and n of each, the oldest first; windows with n = 0 are passed over.
    now
        The number and n of the window.
    alpha
        The false-alarm rate of a window.
    side
        Where it would be unusual.

    Examples
    --------
    >>> past = [(0.91, 400), (0.92, 400), (0.9, 400), (0.91, 400), (0.92, 400), (0.91, 400)]
    >>> usual_number(past, (0.7, 400), 0.0027).judged
    True
    """
    kept = np.array([pair for pair in past if pair[1] > 0 and math.isfinite(pair[0])]).reshape(-1, 2)
    if now[1] <= 0 or not math.isfinite(now[0]) or len(kept) < LEAST_PAST:
        return _too_few(len(kept))
    values, totals = kept.T
    predicted = _predict_number(values, totals, now[1])
    p = p_value_of(now[0], predicted, side)
    if values.min() > 0 and now[0] > 0:
        on_logs = _predict_number(np.log(values), totals, now[1], least=_ROUNDING)
        p = max(p, p_value_of(math.log(now[0]), on_logs, side))
    low, high = bounds(predicted, alpha, side)
    change = abs(now[0] - predicted.centre)
    return _judged(
        p,
        alpha,
        large=change >= LEAST_CHANGE_OF_NUMBER * abs(predicted.centre),
        usual=predicted.centre,
        low=None if side == "above" else low,
        high=None if side == "below" else high,
        windows=len(kept),
    )


def usual_count(
    past: Sequence[tuple[datetime, int]], now: tuple[datetime, int], alpha: float, side: Side = "either"
) -> Unusual:
    """Judge how many records a window has against past windows.

    Against those of the same hour and weekday, see `driftwheel.monitors.phase`; on the scales of square roots
    and of logarithms, beside an exact test of two Poisson counts.

    Parameters
    ----------
    past
        Start and records of each, the oldest first; windows in which none came belong to them.
    now
        Start and records of the window.
    alpha
        The false-alarm rate of a window.
    side
        Where it would be unusual.
    """
    chosen = same_phase([start for start, _ in past], now[0], LEAST_PAST)
    if chosen is None:
        if len(past) < LEAST_PAST:
            return _too_few(len(past))
        return Unusual(note=f"no window of a {now[0]:%A} like it has been seen yet")
    counts = np.array([past[i][1] for i in chosen], np.float64)
    k, m = now[1], counts.size
    roots = predict(np.sqrt(counts + 0.375), np.full(m, 0.25), 0.25)
    logs = predict(np.log(counts + 1), 1 / (counts + 1), 1 / (counts.mean() + 1))
    by_chance = _count_by_chance(k, int(counts.sum()), 1 / (m + 1), side)
    p = max(p_value_of(math.sqrt(k + 0.375), roots, side), p_value_of(math.log(k + 1), logs, side), by_chance)
    usual = float(counts.mean())
    low, high = (max(0.0, max(0.0, one) ** 2 - 0.375) for one in bounds(roots, alpha, side))
    return _judged(
        p,
        alpha,
        large=abs(k - usual) >= LEAST_CHANGE_OF_COUNT * usual,
        usual=usual,
        low=None if side == "above" else min(low, usual),
        high=None if side == "below" else max(high, usual),
        windows=m,
    )


def usual_mix(
    past: Sequence[Mapping[str, int]], now: Mapping[str, int], alpha: float
) -> tuple[float | None, Unusual]:
    """Judge counts by class against those of past windows; also return the total variation, 0…1.

    The distance of the window from all past windows together is held against the distance of each past window
    from the others, on the scale of square roots, beside Fisher's exact test of each class, corrected for
    their number.

    Parameters
    ----------
    past
        Class → count of each window, the oldest first; empty windows are passed over.
    now
        The same of the window.
    alpha
        The false-alarm rate of a window.

    Returns
    -------
    total variation, Unusual
        The first is None where there is nothing to compare. `usual` and `high` are total variations too.
    """
    kept = [one for one in past if sum(one.values()) > 0]
    if not kept or sum(now.values()) <= 0:
        return None, _too_few(len(kept))
    classes = sorted({*now, *(name for one in kept for name in one)})
    counts = np.array([[one.get(name, 0) for name in classes] for one in kept], np.float64)
    current = np.array([now.get(name, 0) for name in classes], np.float64)
    pooled = counts.sum(axis=0)
    distance = _total_variation(current, pooled)
    if len(kept) < LEAST_PAST:
        return distance, _too_few(len(kept))
    predicted = predict(_distances(counts, current.sum()), np.zeros(len(kept)), 0.0, _ROUNDING)
    p = max(p_value_of(math.sqrt(distance), predicted, "above"), _mix_by_chance(current, pooled))
    _, high = bounds(predicted, alpha, "above")
    return distance, _judged(
        p,
        alpha,
        large=distance >= EFFECT_FLOOR_TOTAL_VARIATION,
        usual=predicted.centre**2,
        low=None,
        high=min(1.0, high**2),
        windows=len(kept),
    )


_Counts = NDArray[np.float64] | int
_PRIOR_SPREAD = 0.01
_PRIOR_WINDOWS = 3
_ROUNDING = 0.005  # least scale: a number that hardly ever changes may yet do so by this share of itself


def _judged(
    p_value: float,
    alpha: float,
    *,
    large: bool,
    usual: float,
    low: float | None,
    high: float | None,
    windows: int,
) -> Unusual:
    note = f"against {windows} windows before"
    return Unusual(usual, low, high, p_value, p_value < alpha and large, note)


def _too_few(windows: int) -> Unusual:
    return Unusual(note=f"{windows} windows before it, of at least {LEAST_PAST}")


def _arcsine(hits: _Counts, totals: _Counts) -> Any:
    """Anscombe's scale, on which the variance of a share is 1 / (n + 0.5)."""
    return 2 * np.arcsin(np.sqrt((hits + 0.375) / (totals + 0.75)))


def _beta_tail(
    hits: NDArray[np.float64], totals: NDArray[np.float64], now: tuple[int, int], side: Side
) -> float:
    """Return the chance of such a share where those of windows are drawn from a beta distribution.

    Its spread (the correlation within a window, by the analysis of variance) is drawn to 0.01 as if by three
    windows more, and made wider by what a sample of n adds.
    """
    m, n = len(hits), now[1]
    mean = float((hits.sum() + 0.5) / (totals.sum() + 1))
    of_samples = mean * (1 - mean)
    of_windows = float((totals * (hits / totals - mean) ** 2).sum()) / (m - 1)
    size = float(totals.sum() - (totals**2).sum() / totals.sum()) / (m - 1)
    found = max(0.0, (of_windows - of_samples) / (of_windows + (size - 1) * of_samples))
    found *= 1 + 2 / math.sqrt(m)  # few windows seldom show how far they can go
    spread = (found * (m - 1) + _PRIOR_SPREAD * _PRIOR_WINDOWS) / (m - 1 + _PRIOR_WINDOWS)
    spread = min(spread + (1 - spread) / n, 0.99)
    a, b = mean * (1 / spread - 1), (1 - mean) * (1 / spread - 1)
    above = float(betaincc(a, b, min(max((now[0] - 0.5) / n, 0.0), 1.0)))
    below = float(betainc(a, b, min(max((now[0] + 0.5) / n, 0.0), 1.0)))
    if side == "either":
        return min(1.0, 2 * min(above, below))
    return above if side == "above" else below


def _share_of(scaled: float, n: int) -> float:
    share = math.sin(min(max(scaled, 0.0), math.pi) / 2) ** 2
    return min(1.0, max(0.0, (share * (n + 0.75) - 0.375) / n))


def _share_by_chance(now: tuple[int, int], before: tuple[int, int], side: Side) -> float:
    above = fisher_exact(now[0], now[1], before[0], before[1])
    if side == "above":
        return above
    below = fisher_exact(now[1] - now[0], now[1], before[1] - before[0], before[1])
    return below if side == "below" else min(1.0, 2 * min(above, below))


def _count_by_chance(k: int, before: int, share: float, side: Side) -> float:
    """Return the chance that so many of all records fall in one window, where all windows are alike."""
    total = k + before
    below = float(bdtr(k, total, share))
    above = 1.0 if k == 0 else float(bdtrc(k - 1, total, share))
    if side == "either":
        return min(1.0, 2 * min(above, below))
    return above if side == "above" else below


def _predict_number(
    values: NDArray[np.float64], totals: NDArray[np.float64], n: int, least: float | None = None
) -> Predicted:
    of_one = _variance_of_one(values, totals)
    found = predict(values, of_one / totals, of_one / n)
    floor = _ROUNDING * abs(found.centre) if least is None else least
    return Predicted(found.centre, max(found.scale, floor), found.freedom)


def _variance_of_one(values: NDArray[np.float64], totals: NDArray[np.float64]) -> float:
    """Return the variance of one record within its window, as far as small windows vary more than large ones.

    Squared deviations are τ² + σ² / n on average; σ² by least squares, each weighed by n.
    """
    squares = (values - np.average(values, weights=totals)) ** 2
    inverse = 1 / totals
    centred = inverse - np.average(inverse, weights=totals)
    spread = float((totals * centred**2).sum())
    slope = 0.0 if spread == 0 else float((totals * centred * squares).sum()) / spread
    most = float(np.average(squares * totals))
    return min(max(slope, 0.0), most)


def _total_variation(counts: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    return float(np.abs(counts / counts.sum() - others / others.sum()).sum() / 2)


def _distances(counts: NDArray[np.float64], n: float) -> NDArray[np.float64]:
    """Return (m,) roots of the distance of each past window from the others, as if it had n records."""
    pooled = counts.sum(axis=0)
    shares = pooled / pooled.sum()
    noise = float(np.sqrt(2 * shares * (1 - shares) / np.pi).sum() / 2)  # total variation of one record
    totals = counts.sum(axis=1)
    found = np.array([_total_variation(one, pooled - one) ** 2 for one in counts])
    own = noise**2 * (1 / totals + 1 / (pooled.sum() - totals))
    wanted = noise**2 * (1 / n + 1 / pooled.sum())
    between = max(0.0, float(found.mean() - own.mean()))
    spread = np.maximum(between + own, 1e-300)  # of one class all distances are 0
    roots: NDArray[np.float64] = (found * (between + wanted) / spread) ** 0.25
    return roots


def _mix_by_chance(current: NDArray[np.float64], pooled: NDArray[np.float64]) -> float:
    n, total = int(current.sum()), int(pooled.sum())
    least = min(
        _share_by_chance((int(now), n), (int(before), total), "either")
        for now, before in zip(current, pooled, strict=True)
    )
    return min(1.0, least * len(current))
