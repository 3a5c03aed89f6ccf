"""Driftwheel's estimate of accuracy without labels: a number with an interval, or why it cannot be told.

From the scores alone nobody can know. What can be known is how far scores and accuracy move together: under
faults that are given to images of the reference on purpose, and under other mixes of its classes. The
interval is as wide as it must be to hold the accuracy under a fault that was *not* among those simulated:
each fault in turn is left out and foretold by the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from driftwheel.errors import UsageError
from driftwheel.performance.answers import Answers, KnownAnswers
from driftwheel.performance.fault_process import FaultProcess, fit_process, foretell, misfits
from driftwheel.performance.moved_scores import UsualScores, moved_scores, usual_scores
from driftwheel.performance.share_interval import LEVEL, share_interval
from driftwheel.performance.simulated_windows import SimulatedShift, SimulatedWindows, simulate_windows
from driftwheel.predictions import AccuracyEstimate

__all__ = [
    "LEAST_ANSWERS",
    "LEAST_KNOWN",
    "LEAST_WRONG",
    "WIDEST",
    "LearnedAccuracy",
    "estimate_accuracy",
    "learn_accuracy",
    "quantile_over_groups",
]

LEAST_KNOWN = 100
"""Answers with a truth that the reference has at least."""

LEAST_WRONG = 5
"""Wrong answers among them at least: what is learned is which scores wrong answers have."""

LEAST_ANSWERS = 30
"""Answers with a score that a window has at least."""

WIDEST = 0.2
"""Width of the interval beyond which accuracy cannot be told: 75 % or 95 % helps nobody decide."""

_FEW_FAULTS = 9  # fewer do not give a quantile of 90 %
_EXPERIENCE = 2.1  # deviations that stand for it then: what held for nine in ten faults of bench/accuracy.py
_TELLING = 0.6  # area under the ROC curve of confidence for right answers, at least


@dataclass(frozen=True, slots=True, eq=False)
class LearnedAccuracy:
    """What a labelled reference taught.

    Attributes
    ----------
    usual
        What its scores are like.
    faults
        Kinds of faults that were simulated; 0: the interval is that of faults on other models.
    deviations
        Half the 90 % interval in deviations of what the process foretells.
    farthest
        How far from the scores of any simulated window those of a left-out fault lay at most; infinite
        where no faults were simulated.
    reason
        Why accuracy cannot be told from this reference; else empty.
    """

    usual: UsualScores
    faults: int
    deviations: float
    farthest: float
    reason: str
    _process: FaultProcess | None = field(repr=False)


def learn_accuracy(
    reference: KnownAnswers, shifts: Sequence[SimulatedShift] = (), *, rng: np.random.Generator
) -> LearnedAccuracy:
    """Learn from labelled answers how accuracy moves with scores.

    Parameters
    ----------
    reference
        What the model said of images that it was not trained on, with the truth; at least 100, of which at
        least 5 are wrong. 500 or more are better.
    shifts
        What it said of such images after faults were given to them: of each kind of fault several
        severities, of each some 100 images or more. Without them the interval is what nine kinds of faults
        and more did to other models (``bench/accuracy.py``).
    rng
        Draws the windows. The same draws give the same result, and the order of rows is of no account
        beyond them.

    Raises
    ------
    UsageError
        For a reference or a shift without any answer.

    Notes
    -----
    Faults are taken as drawn from one kind: that which holds for nine in ten of the simulated, each left out
    in turn, holds for the next (conformal prediction over groups). Sources: Deng and Zheng, "Are labels
    always necessary for classifier accuracy evaluation?", CVPR 2021, for learning from simulated shifts;
    Dunn, Wasserman and Ramdas, "Distribution-free prediction sets for two-layer hierarchical models",
    JASA 118, 2023, for the quantile over groups.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> confidence = rng.uniform(0.5, 1.0, 2000)
    >>> right = rng.random(2000) < confidence
    >>> said = rng.integers(2, size=2000)
    >>> known = KnownAnswers(confidence, said, np.where(right, said, 1 - said))
    >>> learned = learn_accuracy(known, rng=rng)
    >>> found = estimate_accuracy(learned, Answers(confidence[:1000], said[:1000]))
    >>> found.told, abs(found.accuracy - float(right[:1000].mean())) < 0.03
    (True, True)
    """
    if len(reference) == 0 or any(len(one.answers) == 0 for one in shifts):
        raise UsageError(
            "Accuracy is learned from answers with truths; the reference or a shift of it has none."
        )
    usual = usual_scores(reference)
    reason = _unfit(reference)
    if reason:
        return LearnedAccuracy(usual, 0, float("inf"), float("inf"), reason, None)
    windows = simulate_windows(usual, reference, shifts, rng)
    process = fit_process(windows, usual.accuracy, usual.n)
    faults = len({one.fault for one in shifts})
    if faults < _FEW_FAULTS:
        return LearnedAccuracy(usual, faults, _EXPERIENCE, float("inf"), "", process)
    deviations = quantile_over_groups(misfits(windows, usual.accuracy, usual.n))
    return LearnedAccuracy(usual, faults, deviations, _farthest(windows), "", process)


def estimate_accuracy(learned: LearnedAccuracy, answers: Answers) -> AccuracyEstimate:
    """Estimate the accuracy in a window from its scores, or say why it cannot be told.

    It cannot be told from a reference with too little in it, from fewer than 30 answers, from scores unlike
    those of any simulated window, and where the interval is wider than 20 points.

    Parameters
    ----------
    learned
        Of the same model version.
    answers
        Of the window; those without a score left out.

    Notes
    -----
    Blind, as every method without labels, to faults that leave the scores as they were: a new class that
    looks like a known one, a change of what is right for an image. Measured errors and coverage:
    docs/explanation/accuracy-without-labels.md.
    """
    usual = learned.usual
    n = len(answers)

    def untold(reason: str) -> AccuracyEstimate:
        return AccuracyEstimate(None, None, None, n, usual.n, usual.accuracy, reason, learned.faults)

    if learned._process is None:
        return untold(learned.reason)
    if n < LEAST_ANSWERS:
        return untold(f"the window has {n} answers with a score; {LEAST_ANSWERS} are needed")
    moved = moved_scores(usual, answers)
    foretold = foretell(learned._process, moved)
    deviation = foretold.deviation * learned.deviations / float(ndtri((1 + LEVEL) / 2))
    low, high = share_interval(foretold.mean, deviation, n)
    reason = ""
    if _distance(moved, learned._process.windows.moved) > learned.farthest:
        reason = "the scores are unlike those under any of the simulated faults"
    elif high - low > WIDEST:
        reason = f"scores like these go with any accuracy from {_percent(low)} to {_percent(high)}"
    return AccuracyEstimate(
        float(expit(foretold.mean)), low, high, n, usual.n, usual.accuracy, reason, learned.faults
    )


def _unfit(reference: KnownAnswers) -> str:
    n, wrong = len(reference), int((~reference.correct).sum())
    if n < LEAST_KNOWN:
        return f"{n} answers of the reference have a truth; {LEAST_KNOWN} are needed"
    if wrong < LEAST_WRONG:
        return (
            f"of {n:,} answers of the reference with a truth {wrong} are wrong; {LEAST_WRONG} are needed to "
            "learn which scores wrong answers have"
        )
    if wrong == n:
        return "all answers of the reference are wrong"
    right = reference.correct
    if _area_under_curve(reference.confidence[~right], reference.confidence[right]) < _TELLING:
        return "on the reference wrong answers have scores as high as right ones"
    return ""


def _area_under_curve(low: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    """Return P(high > low) + P(equal) / 2."""
    ordered = np.sort(low)
    below = np.searchsorted(ordered, high, side="left").sum()
    up_to = np.searchsorted(ordered, high, side="right").sum()
    return float((below + up_to) / (2 * low.size * high.size))


def quantile_over_groups(off: Sequence[NDArray[np.float64]]) -> float:
    """Return the 90 % quantile; each group weighs the same, and so does one more that is infinite.

    Examples
    --------
    >>> quantile_over_groups([np.array([1.0, 2.0])] * 19 + [np.array([5.0])])
    2.0
    """
    values = np.concatenate(off)
    weights = np.concatenate([np.full(len(one), 1 / len(one) / (len(off) + 1)) for one in off])
    order = np.argsort(values, kind="stable")
    place = int(np.searchsorted(np.cumsum(weights[order]), LEVEL - 1e-9))
    return float(values[order][place]) if place < len(values) else float("inf")


def _farthest(windows: SimulatedWindows) -> float:
    """Return how far the scores of a fault's window lie from those of all other faults' at most."""
    return max(
        _distance(row, windows.moved[windows.fault != fault])
        for row, fault in zip(windows.moved, windows.fault, strict=True)
    )


def _distance(moved: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    return float(np.sqrt(((others - moved) ** 2).sum(axis=1)).min())


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
