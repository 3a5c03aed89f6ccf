"""Dynamic overlap: whether a task has answers enough, needs one more, or is in dispute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from driftwheel.errors import UsageError

__all__ = ["OverlapDecision", "OverlapRule", "decide_overlap"]


@dataclass(frozen=True, slots=True)
class OverlapRule:
    """How many answers a task gets.

    Attributes
    ----------
    least, most
        Answers, 1 ≤ least ≤ most.
    confident
        Confidence of the consensus from which on no more are asked for, in (0.5, 1).
    """

    least: int = 2
    most: int = 5
    confident: float = 0.95

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most or not 0.5 < self.confident < 1:
            raise UsageError(
                f"An overlap of {self.least} to {self.most} until {self.confident:g} sure: expected "
                "1 ≤ least ≤ most and a confidence above 0.5 and below 1."
            )


@dataclass(frozen=True, slots=True)
class OverlapDecision:
    """What is to be done with a task.

    Attributes
    ----------
    action
        ``"ask"`` one more annotator, ``"stop"`` with the consensus, or ``"dispute"``: for a reviewer.
    reason
        A sentence for people.
    confidence, n_answers
        What decided.
    """

    action: Literal["ask", "stop", "dispute"]
    reason: str
    confidence: float
    n_answers: int


def decide_overlap(confidence: float, n_answers: int, rule: OverlapRule | None = None) -> OverlapDecision:
    """Return whether a task needs another answer.

    For classes and boxes alike: give the (calibrated) confidence of the task's consensus, of
    `Consensus.confidence`, `MultiConsensus.confidence` or `TaskBoxes.confidence`. The votes of a majority are
    no confidence. A fixed overlap is a rule with least = most.

    Parameters
    ----------
    confidence
        In [0, 1].
    n_answers
        Answers so far that count: not those of banned annotators.

    Raises
    ------
    UsageError
        For a confidence outside [0, 1] or a negative number of answers.

    Examples
    --------
    >>> [decide_overlap(sure, n).action for sure, n in ((0.99, 1), (0.99, 2), (0.8, 4), (0.8, 5))]
    ['ask', 'stop', 'ask', 'dispute']
    """
    rule = rule or OverlapRule()
    if not 0 <= confidence <= 1 or n_answers < 0:
        raise UsageError(f"A confidence of {confidence:g} from {n_answers} answers; expected one in [0, 1].")
    if n_answers < rule.least:
        reason = f"{n_answers} of at least {rule.least} answers are there."
        return OverlapDecision("ask", reason, confidence, n_answers)
    if confidence >= rule.confident:
        reason = f"After {n_answers} answers the consensus is {confidence:.1%} sure."
        return OverlapDecision("stop", reason, confidence, n_answers)
    if n_answers < rule.most:
        reason = (
            f"After {n_answers} answers the consensus is {confidence:.1%} sure, below {rule.confident:.1%}."
        )
        return OverlapDecision("ask", reason, confidence, n_answers)
    if rule.least == rule.most:
        return OverlapDecision("stop", f"All {n_answers} answers are there.", confidence, n_answers)
    reason = f"After {n_answers} answers, the most there are, the consensus is {confidence:.1%} sure."
    return OverlapDecision("dispute", reason, confidence, n_answers)
