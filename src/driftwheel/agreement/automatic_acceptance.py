"""Automatic acceptance: how sure a label must be to go unseen, with a bound on errors that holds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, betaincinv

from driftwheel.errors import UsageError

__all__ = ["Acceptance", "acceptance_threshold", "accepted", "least_known"]

_STEPS = 60  # thresholds that are tried, at most
_START = (0.4, 1.1, 2.5)  # see `_start`


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What may be accepted without being looked at.

    Attributes
    ----------
    threshold
        Least confidence; None where nothing may be accepted yet.
    bound, risk
        With a chance of at least 1 − risk, at most this share of what is accepted is wrong.
    n, wrong
        Known answers at or above the threshold, and how many of them are wrong; of the strictest threshold
        tried where none will do.
    upper
        Upper end of the exact one-sided interval, at 1 − risk, of the share wrong among them.
    share
        Share of the waiting labels that are accepted.
    reason
        A sentence for people.
    """

    threshold: float | None
    bound: float
    risk: float
    n: int
    wrong: int
    upper: float
    share: float
    reason: str


def acceptance_threshold(
    confidence: ArrayLike,
    right: ArrayLike,
    waiting: ArrayLike,
    *,
    bound: float = 0.02,
    risk: float = 0.05,
    drawn_from: ArrayLike | None = None,
) -> Acceptance:
    """Return the lowest confidence from which labels may be accepted with at most `bound` of them wrong.

    Valid for any number of known answers and any model, calibrated or not; a poor one only accepts less.

    Parameters
    ----------
    confidence, right
        (n,) of labels whose truth is known (golden tasks, audits), which neither the model nor its
        calibration has learned from, and which are a random draw from where the waiting ones come from.
    waiting
        (m,) confidences of the labels that wait to be accepted; none of the known ones.
    bound
        The share of wrong ones among the accepted that is promised, in (0, 0.5).
    risk
        The chance, over the draw of known answers, that the promise is broken, in (0, 0.5).
    drawn_from
        (n,) the least confidence from which each known answer was drawn: 0 for golden tasks and random draws,
        the threshold then in force for audits of accepted labels. An answer counts for thresholds at or above
        its own. None: all 0.

    Raises
    ------
    UsageError
        For columns that do not fit, confidences outside [0, 1], or a bound or risk out of range.

    Notes
    -----
    Thresholds at the quantiles of `waiting` are tried in turn from strict to loose, each with the exact
    binomial test of "more than `bound` are wrong" at level `risk`, up to the first that does not reject; a
    fixed order of tests needs no correction. The first is where 1.1 to 2.5 times as many known answers are
    expected as could show the bound without an error, by how many there are: at 2 % and 5 % that takes 164 of
    them, better 500. Source: A. Angelopoulos and others, "Learn then
    test: calibrating predictive algorithms to achieve risk control", Annals of Applied Statistics 19 (2025),
    section 3 (fixed-sequence testing).

    Examples
    --------
    >>> sure = np.linspace(0, 1, 2001)
    >>> rng = np.random.default_rng(0)
    >>> right = rng.random(2001) < 0.5 + 0.5 * sure ** 0.2
    >>> found = acceptance_threshold(sure, right, rng.random(9999), bound=0.05)
    >>> found.upper <= 0.05, found.share > 0.5
    (True, True)
    """
    known, correct, lots = (np.asarray(one, dtype=np.float64) for one in (confidence, right, waiting))
    origin = np.zeros(len(known)) if drawn_from is None else np.asarray(drawn_from, dtype=np.float64)
    if not known.shape == correct.shape == origin.shape == (len(known),) or lots.ndim != 1:
        raise UsageError(
            f"{known.shape} known confidences, {correct.shape} answers, {origin.shape} origins and "
            f"{lots.shape} waiting ones: expected three columns of one length, and a column."
        )
    for column in (known, lots, origin):
        if not ((column >= 0) & (column <= 1)).all():
            raise UsageError("Confidences are numbers in [0, 1] without NaN.")
    fewest = least_known(bound, risk)
    tried = _thresholds(lots, len(known), fewest)
    reason = f"It is not shown that so few are wrong; it takes {fewest} known answers without an error."
    nothing = Acceptance(None, bound, risk, 0, 0, 1.0, 0.0, reason)
    best: Acceptance | None = None
    for threshold in tried:
        counted = (known >= threshold) & (origin <= threshold)
        n, wrong = int(counted.sum()), int((counted & (correct == 0)).sum())
        upper = float(betaincinv(wrong + 1, n - wrong, 1 - risk)) if wrong < n else 1.0
        if float(bdtr(wrong, n, bound)) > risk if n else True:
            return best or replace(nothing, n=n, wrong=wrong, upper=upper)
        share = float((lots >= threshold).mean())
        reason = (
            f"Of {n} known answers at least {threshold:.2%} sure, {wrong} are wrong: at most {upper:.2%} of "
            f"such labels are, with {1 - risk:.0%} certainty. {share:.0%} of those waiting are as sure."
        )
        best = Acceptance(float(threshold), bound, risk, n, wrong, upper, share, reason)
    return best or nothing


def accepted(found: Acceptance, confidence: ArrayLike) -> NDArray[np.bool_]:
    """Return which labels of these confidences may be accepted; none where there is no threshold."""
    column = np.asarray(confidence, dtype=np.float64)
    if found.threshold is None:
        return np.zeros(column.shape, np.bool_)
    return np.asarray(column >= found.threshold)


def least_known(bound: float, risk: float) -> int:
    """Return how many known answers, all of them right, show that at most `bound` are wrong.

    Raises
    ------
    UsageError
        Unless both are above 0 and below 0.5.

    Examples
    --------
    >>> least_known(0.02, 0.05), least_known(0.05, 0.05)
    (149, 59)
    """
    if not 0 < bound < 0.5 or not 0 < risk < 0.5:
        raise UsageError(
            f"A bound of {bound:g} with a risk of {risk:g}: expected shares above 0 and below 0.5."
        )
    return math.ceil(math.log(risk) / math.log1p(-bound) - 1e-9)


def _thresholds(waiting: NDArray[np.float64], n: int, fewest: int) -> list[float]:
    """Return thresholds from strict to loose, chosen without a look at which known answers are right."""
    if not len(waiting) or not n:
        return []
    start = _start(n, fewest)
    shares = np.linspace(start, 1.0, _STEPS) if start < 1 else np.ones(1)
    found = np.quantile(waiting, 1 - shares, method="lower")
    return sorted(set(map(float, found)), reverse=True)


def _start(n: int, fewest: int) -> float:
    """Return the share of waiting labels at or above the first threshold.

    With few known answers it has to be low to accept anything at all; with many, room for some errors makes
    it likelier that the first threshold passes. A function of n alone: the errors are not looked at.
    """
    per, least, most = _START
    return min(1.0, min(most, max(least, per * n / fewest)) * fewest / n)
