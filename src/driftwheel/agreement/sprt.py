"""The golden test: Wald's sequential test of whether an annotator is poor or good, and its exact errors.

After every golden task the answers so far are weighed: so many times likelier from a poor annotator than from
a good one. The test ends when that passes a bound either way. It needs about a dozen golden tasks where a
fixed test of the same errors needs more, and it does not mistake three lucky answers for skill.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from driftwheel.agreement.class_answers import Key
from driftwheel.agreement.rule_event import RuleEvent
from driftwheel.errors import UsageError

__all__ = ["Characteristic", "GoldenState", "GoldenTest", "characteristic", "fixed_exam_pass", "golden_test"]

_SETTLED = 1e-12


@dataclass(frozen=True, slots=True)
class GoldenTest:
    """What is tested.

    Attributes
    ----------
    poor, good
        Share of right answers of the one who is to be banned and of the one who is to stay, 0 < poor <
        good < 1. With two classes, guessing is right half of the time: `poor` should be above 1 / k.
    error
        Chance of banning who is `good`, and of passing who is `poor`: each at most about this.
    """

    poor: float = 0.6
    good: float = 0.9
    error: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.poor < self.good < 1 or not 0 < self.error < 0.5:
            raise UsageError(
                f"A golden test of {self.poor:g} against {self.good:g} with errors of {self.error:g}: "
                "expected 0 < poor < good < 1 and an error above 0 and below 0.5."
            )

    @property
    def bound(self) -> float:
        """The natural logarithm of the odds at which the test ends: ln((1 − error) / error)."""
        return math.log((1 - self.error) / self.error)

    def weight(self, right: bool) -> float:
        """Return what one answer adds to the logarithm of the odds of being poor."""
        if right:
            return math.log(self.poor / self.good)
        return math.log((1 - self.poor) / (1 - self.good))


@dataclass(frozen=True, slots=True)
class GoldenState:
    """Where the test of one annotator stands.

    Attributes
    ----------
    outcome
        ``"poor"`` (ban), ``"good"`` (passed) or ``"open"`` (more golden tasks).
    right, n
        Golden tasks answered right, and answered, up to where the test ended.
    log_odds
        Of being poor: 0 at first, at most −bound for good, at least bound for poor.
    event
        What to do: a ban where the outcome is poor, else None.
    """

    outcome: Literal["poor", "good", "open"]
    right: int
    n: int
    log_odds: float
    event: RuleEvent | None


@dataclass(frozen=True, slots=True)
class Characteristic:
    """What the test does to annotators of one accuracy, exactly.

    Attributes
    ----------
    accuracy
        Share of golden tasks they answer right.
    banned, passed
        Chances of either outcome; they sum to 1.
    tasks
        Expected number of golden tasks until then.
    """

    accuracy: float
    banned: float
    passed: float
    tasks: float


def golden_test(results: Iterable[bool], annotator: Key = "", rule: GoldenTest | None = None) -> GoldenState:
    """Return where the test stands after golden tasks answered right or wrong, in the order of time.

    Answers after the one that ended the test are not looked at: `skill_watch` looks at them.

    Examples
    --------
    >>> golden_test([False, True, False, False]).outcome
    'poor'
    >>> golden_test([True] * 8).outcome
    'good'
    >>> golden_test([True] * 3).outcome
    'open'
    """
    rule = rule or GoldenTest()
    log_odds, right, n = 0.0, 0, 0
    for one in results:
        n += 1
        right += bool(one)
        log_odds = rule.weight(True) * right + rule.weight(False) * (n - right)
        if abs(log_odds) >= rule.bound - _SETTLED:
            break
    if log_odds <= -rule.bound + _SETTLED:
        return GoldenState("good", right, n, log_odds, None)
    if log_odds < rule.bound - _SETTLED:
        return GoldenState("open", right, n, log_odds, None)
    reason = (
        f"{right} of {n} golden tasks were answered right: {math.exp(log_odds):.0f} times likelier from who "
        f"is right {rule.poor:.0%} of the time than from who is right {rule.good:.0%}."
    )
    numbers = {"right": right, "n": n, "log_odds": log_odds, "bound": rule.bound}
    return GoldenState(
        "poor", right, n, log_odds, RuleEvent("golden_test", (annotator,), "ban", reason, numbers)
    )


def characteristic(accuracy: float, rule: GoldenTest | None = None) -> Characteristic:
    """Return the exact chances and expected length of the test, for answers right with a fixed chance.

    Every path of answers is followed, to a chance of 1e-12 that the test is still open.

    References
    ----------
    A. Wald, "Sequential tests of statistical hypotheses", Annals of Mathematical Statistics 16(2), 1945; his
    formulas are approximations where these are sums.

    Examples
    --------
    >>> poor, good = characteristic(0.6), characteristic(0.9)
    >>> round(poor.passed, 3), round(good.banned, 3)
    (0.04, 0.027)
    >>> round(poor.tasks, 1), round(good.tasks, 1)
    (10.8, 13.3)
    """
    rule = rule or GoldenTest()
    if not 0 <= accuracy <= 1:
        raise UsageError(f"An accuracy of {accuracy:g}; expected a share from 0 to 1.")
    open_paths = {0: 1.0}  # right answers so far → chance
    banned = passed = tasks = 0.0
    n = 0
    while (still := sum(open_paths.values())) > _SETTLED:
        tasks += still
        n += 1
        following: dict[int, float] = {}
        for right, chance in open_paths.items():
            for one, share in ((1, accuracy), (0, 1 - accuracy)):
                after = right + one
                log_odds = rule.weight(True) * after + rule.weight(False) * (n - after)
                if log_odds >= rule.bound - _SETTLED:
                    banned += chance * share
                elif log_odds <= -rule.bound + _SETTLED:
                    passed += chance * share
                else:
                    following[after] = following.get(after, 0.0) + chance * share
        open_paths = following
    return Characteristic(accuracy, banned, passed, tasks)


def fixed_exam_pass(accuracy: float, n: int, least_share: float) -> float:
    """Return the exact chance to pass an exam of n tasks that wants at least this share right.

    Examples
    --------
    >>> round(fixed_exam_pass(0.6, 3, 0.6), 3)  # three golden tasks at "≥ 60 %": most poor workers pass
    0.648
    """
    least = math.ceil(n * least_share - _SETTLED)
    return sum(math.comb(n, r) * accuracy**r * (1 - accuracy) ** (n - r) for r in range(least, n + 1))
