"""The estimated accuracy in words."""

from __future__ import annotations

from driftwheel.performance.share_interval import LEVEL
from driftwheel.predictions import AccuracyByAgreement, AccuracyEstimate
from driftwheel.report.numbers import NBSP, count, share

__all__ = ["accuracy_change", "accuracy_heading", "accuracy_said", "agreement_said", "learned_from"]


def accuracy_said(found: AccuracyEstimate) -> str:
    """Return how often the model is right, or why that cannot be told, in a line without its full stop.

    Examples
    --------
    >>> found = AccuracyEstimate(0.81, 0.74, 0.87, 300, 1000, 0.95)
    >>> accuracy_said(found).replace(NBSP, " ")
    'about 81 % right (90 % interval 74 % to 87 %), 14 points below the reference (95 %)'
    >>> accuracy_said(AccuracyEstimate(None, None, None, 8, 1000, 0.95, "the window is small"))
    'cannot tell: the window is small'
    """
    if found.change is None or found.accuracy is None:
        return f"cannot tell: {found.reason}"
    interval = f"{LEVEL * 100:.0f}{NBSP}% interval {share(found.low)} to {share(found.high)}"
    return (
        f"about {share(found.accuracy)} right ({interval}), {accuracy_change(found)} ({share(found.usual)})"
    )


def accuracy_change(found: AccuracyEstimate) -> str:
    """Return how the estimate lies to the reference; empty where it cannot be told.

    Examples
    --------
    >>> [accuracy_change(AccuracyEstimate(x, 0.6, 1.0, 9, 9, 0.95)).replace(NBSP, " ") for x in (0.81, 0.952)]
    ['14 points below the reference', 'as on the reference']
    """
    if found.change is None:
        return ""
    points = 100 * abs(found.change)
    if points < 0.5:
        return "as on the reference"
    size = f"{points:.0f}{NBSP}point{'' if round(points) == 1 else 's'}"
    return f"{size} {'below' if found.change < 0 else 'above'} the reference"


def agreement_said(found: AccuracyByAgreement) -> str:
    """Return what the agreement of versions tells, in a line without its full stop.

    Examples
    --------
    >>> agreement_said(AccuracyByAgreement(0.83, 0.98, 4, 150, 400)).replace(NBSP, " ")
    'about 83 % right, as 4 versions agree (r² 0.98)'
    >>> agreement_said(AccuracyByAgreement(None, None, 3, 8, 400, "there are few"))
    'cannot tell: there are few'
    """
    if found.accuracy is None or found.r_squared is None:
        return f"cannot tell: {found.reason}"
    straight = f"r² {found.r_squared:.2f}"
    return f"about {share(found.accuracy)} right, as {found.models} versions agree ({straight})"


def accuracy_heading(found: AccuracyEstimate) -> str:
    """Return what the report's section is called."""
    if not found.told:
        return "How often the model is right: cannot tell"
    return f"How often the model is right: about {share(found.accuracy)}"


def learned_from(found: AccuracyEstimate) -> str:
    """Return from what the estimate was learned, as a sentence.

    Examples
    --------
    >>> learned_from(AccuracyEstimate(0.81, 0.74, 0.87, 300, 1000, 0.95, faults=17)).replace(NBSP, " ")
    'Learned from 1,000 answers to reference images, 95 % of them right, and from 17 kinds of camera faults\
 simulated on these.'
    """
    usual = f"{count(found.n_reference)} answers to reference images, {share(found.usual)} of them right"
    if found.faults:
        return f"Learned from {usual}, and from {found.faults} kinds of camera faults simulated on these."
    return f"Learned from {usual}; how far off it may be, faults on other models tell."
