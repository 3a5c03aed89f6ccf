"""Calibration: whether scores are the shares of right answers that they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.performance.figure import LEVEL, NOTHING, Figure
from driftwheel.performance.wilson import wilson_interval

__all__ = ["Calibration", "ReliabilityBin", "calibration"]

_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Predictions with about the same score.

    Attributes
    ----------
    confidence
        Mean score.
    accuracy
        Share of right ones among those with a label.
    share
        Of all predictions that have a score.
    """

    confidence: float
    accuracy: Figure
    share: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The reliability curve, and what it amounts to.

    Attributes
    ----------
    error
        Expected calibration error: mean distance between score and accuracy, weighted by share.
    noise
        What the error of a model with perfect scores stays below in 95 of 100 cases, with as many labels: an
        error below it is none that can be seen. None without labels.
    bins
        By score; bins without a label are left out.
    """

    error: Figure
    noise: float | None
    bins: tuple[ReliabilityBin, ...]


def calibration(
    confidence: Sequence[float],
    hits: Sequence[float],
    n: Sequence[float],
    share: Sequence[float],
    *,
    rng: np.random.Generator,
) -> Calibration:
    """Return the calibration from bins of scores.

    Parameters
    ----------
    confidence
        (b,) mean score in each bin.
    hits, n
        (b,) right answers among the n with a label.
    share
        (b,) shares of all predictions; those of bins without a label are spread over the others.
    rng
        Draws the interval.

    Notes
    -----
    The error over labels alone is too high, since chance moves every bin away from its score; so the interval
    is the bootstrap's, turned around the error (pivotal). Sources: Guo, Pleiss, Sun and Weinberger, "On
    calibration of modern neural networks", ICML 2017; Bröcker and Smith, "Increasing the reliability of
    reliability diagrams", Weather and Forecasting 22, 2007, for the noise.

    Examples
    --------
    >>> found = calibration([0.6, 0.9], [40, 90], [100, 100], [0.5, 0.5], rng=np.random.default_rng(0))
    >>> round(found.error.value, 3), found.error.n, found.error.low > 0
    (0.1, 200, True)
    """
    trials = np.asarray(n, np.float64)
    there = np.flatnonzero(trials > 0)
    if not len(there):
        return Calibration(NOTHING, None, ())
    trials, right = trials[there], np.asarray(hits, np.float64)[there]
    score, weight = np.asarray(confidence, np.float64)[there], np.asarray(share, np.float64)[there]
    weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(there), 1 / len(there))
    accuracy = right / trials
    error = float(weight @ np.abs(accuracy - score))
    whole = np.maximum(np.round(trials), 1).astype(np.int64)
    likely = (right + 0.5) / (trials + 1)
    drawn = _errors(rng.binomial(whole, likely, (_DRAWS, len(whole))) / whole, score, weight)
    perfect = _errors(
        rng.binomial(whole, np.clip(score, 0.0, 1.0), (_DRAWS, len(whole))) / whole, score, weight
    )
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    noise = float(np.quantile(perfect, 0.95))
    lows, highs = wilson_interval(right, trials)
    bins = tuple(
        ReliabilityBin(
            float(score[row]),
            Figure(float(accuracy[row]), float(lows[row]), float(highs[row]), round(float(trials[row]))),
            float(weight[row]),
        )
        for row in range(len(there))
    )
    least, most = max(0.0, 2 * error - float(high)), min(1.0, max(error, 2 * error - float(low)))
    return Calibration(Figure(error, min(least, error), most, round(float(trials.sum()))), noise, bins)


def _errors(
    accuracy: NDArray[np.float64], score: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.abs(accuracy - score) @ weight
    return found
