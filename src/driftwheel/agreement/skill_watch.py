"""The watch over those who passed: tells when an annotator who was good has become poor.

To begin the golden test again and again would ban every good annotator sooner or later, a few of a hundred
each time. The watch adds up evidence as a Shiryaev-Roberts detector: whoever is right at least at the good
share is banned no sooner than after `patience` golden tasks on average, however long they work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from driftwheel.agreement.class_answers import Key
from driftwheel.agreement.rule_event import RuleEvent
from driftwheel.agreement.sprt import GoldenTest
from driftwheel.errors import UsageError

__all__ = ["SkillWatch", "skill_watch"]


@dataclass(frozen=True, slots=True)
class SkillWatch:
    """Where the watch over one annotator stands.

    Attributes
    ----------
    evidence
        The sum, over every golden task at which they may have become poor, of the odds since; 0 at first.
    right, n
        Golden tasks answered right, and answered, under watch, up to a ban.
    event
        A ban where the evidence has reached `patience`, else None.
    """

    evidence: float
    right: int
    n: int
    event: RuleEvent | None


def skill_watch(
    results: Iterable[bool], annotator: Key = "", rule: GoldenTest | None = None, *, patience: float = 5000.0
) -> SkillWatch:
    """Return where the watch stands after golden tasks, right or wrong, in the order of time.

    Parameters
    ----------
    results
        Of golden tasks after the golden test was passed.
    patience
        Golden tasks that a good annotator answers, at least and on average, before a wrong ban, above 1.
        Who falls to the poor share is found after about 20.

    Raises
    ------
    UsageError
        For a patience of 1 or less.

    References
    ----------
    M. Pollak, "Optimal detection of a change in distribution", Annals of Statistics 13(1), 1985: the evidence
    less the number of tasks is a martingale at the good share, which bounds the time to a wrong ban.

    Examples
    --------
    >>> skill_watch([True] * 50).event is None
    True
    >>> skill_watch([True] * 50 + [False] * 9).event.action
    'ban'
    """
    if not patience > 1:
        raise UsageError(f"A patience of {patience:g} golden tasks; expected more than 1.")
    rule = rule or GoldenTest()
    odds = {True: rule.poor / rule.good, False: (1 - rule.poor) / (1 - rule.good)}
    evidence, right, n = 0.0, 0, 0
    for one in results:
        evidence = (1 + evidence) * odds[bool(one)]
        n += 1
        right += bool(one)
        if evidence >= patience:
            reason = (
                f"After passing, {right} of {n} golden tasks were answered right, the last of them as poorly "
                f"as by who is right {rule.poor:.0%} of the time."
            )
            numbers = {"right": right, "n": n, "evidence": evidence, "patience": patience}
            return SkillWatch(
                evidence, right, n, RuleEvent("skill_watch", (annotator,), "ban", reason, numbers)
            )
    return SkillWatch(evidence, right, n, None)
