"""How far a window's scores have moved from those of the reference, in three numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.performance.answers import Answers, KnownAnswers
from driftwheel.performance.average_thresholded_confidence import learn_threshold, share_above

__all__ = ["UsualScores", "log_odds", "moved_scores", "usual_scores"]

_PER_SHARE = 4.0  # a change of mix of 0.5 weighs as much as 2 of log-odds


@dataclass(frozen=True, slots=True, eq=False)
class UsualScores:
    """What the scores of a labelled reference are like.

    Attributes
    ----------
    accuracy
        Share of right answers, in [0, 1].
    threshold, at_threshold
        Of average thresholded confidence.
    confidence
        Mean confidence.
    mix
        (k,) shares of the named classes.
    n
        Answers.
    """

    accuracy: float
    threshold: float
    at_threshold: float
    confidence: float
    mix: NDArray[np.float64]
    n: int


def usual_scores(reference: KnownAnswers) -> UsualScores:
    """Return what the scores of a reference of at least one answer are like."""
    correct = reference.correct
    n = len(reference)
    return UsualScores(
        float(correct.mean()),
        *learn_threshold(reference.confidence, correct),
        float(reference.confidence.mean()),
        np.bincount(reference.predicted) / n,
        n,
    )


def moved_scores(usual: UsualScores, answers: Answers) -> NDArray[np.float64]:
    """Return (3,) how far the scores have moved; all 0 where nothing did.

    1. Average thresholded confidence less the accuracy of the reference, in log-odds.
    2. Mean confidence less that of the reference, in log-odds.
    3. Four times the total variation distance of the shares of named classes, less what chance alone makes of
       it with so many answers, not below 0.
    """
    n = len(answers)
    above = share_above(answers.confidence, usual.threshold, usual.at_threshold)
    size = max(len(usual.mix), int(answers.predicted.max()) + 1)
    before = np.zeros(size)
    before[: len(usual.mix)] = usual.mix
    now = np.bincount(answers.predicted, minlength=size) / n
    by_chance = np.sqrt(2 * before * (1 - before) / np.pi * (1 / n + 1 / usual.n)).sum() / 2
    mix = max(0.0, float(np.abs(now - before).sum()) / 2 - float(by_chance))
    return np.array(
        [
            log_odds(above, usual.n) - log_odds(usual.accuracy, usual.n),
            log_odds(float(answers.confidence.mean()), usual.n) - log_odds(usual.confidence, usual.n),
            _PER_SHARE * mix,
        ]
    )


def log_odds(share: float, n: int) -> float:
    """Return ln((s n + ½) / ((1 − s) n + ½)), finite for every share in [0, 1] (Haldane and Anscombe).

    Examples
    --------
    >>> log_odds(0.5, 10), round(log_odds(1.0, 10), 2)
    (0.0, 3.04)
    """
    return float(np.log((share * n + 0.5) / ((1 - share) * n + 0.5)))
