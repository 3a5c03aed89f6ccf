"""Judge an annotator by their golden tasks, and ban who is poor; that is an event, and can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from driftwheel.agreement.rule_event import RuleEvent
from driftwheel.agreement.skill_watch import skill_watch
from driftwheel.agreement.sprt import GoldenTest, golden_test
from driftwheel.errors import UsageError
from driftwheel.services.label.consensus.answer_payload import likeness
from driftwheel.services.label.projects.pool_rules import RULES
from driftwheel.services.label.quality.apply_rule import apply_rule
from driftwheel.services.label.quality.ban_annotator import ban_annotator
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.annotators import annotator_by_key
from driftwheel.store.labels.label_events import LabelEvent, last_event
from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.projects import project_by_key
from driftwheel.store.labels.task_answers import golden_results, golden_said

__all__ = ["judge_annotator"]

_LOOKED_AT = 200  # newest golden tasks with sets or boxes: to compare those takes a while

# Careful people often differ in a set, and more in small boxes: so less counts as right, and of that less is
# asked for. Simulated, within 60 golden tasks: who misses 15 % of boxes and draws 10 % too many is banned
# less than once in 1,000, who misses half more than 9 times in 10, and of sets as well.
_ENOUGH: Final = {"multi-class": 0.5, "boxes": 1 / 3}
_NEAR: Final = 0.75  # of the way to a ban
_LEAST: Final = 5  # golden tasks, before anybody is warned: of the good, one in a hundred is
_MEANT: Final = {
    "multi-class": " Right is here what agrees with the truth in half of the classes or more.",
    "boxes": " Right is here what agrees with the truth in a third of the boxes or more.",
}
_TESTS: Final = {"class": GoldenTest(), "multi-class": GoldenTest(0.3, 0.7), "boxes": GoldenTest(0.2, 0.6)}


def judge_annotator(
    engine: Engine, annotator: int, *, now: datetime, pool: Pool | None = None
) -> LabelEvent | None:
    """Ban an annotator whose golden tasks say that they are poor, and return the event; None: they stay.

    Who is near that is warned first, in the name of a pool.

    First Wald's test of 60 % right against 90 %, with 5 % errors: about a dozen golden tasks. Who has passed
    it is watched for becoming poor (`driftwheel.agreement.skill_watch`). Their answers count no longer.
    Golden tasks up to the last ban that was undone are not held against them again.

    Of sets of classes an answer is right here when it is so by half, and 30 % right are tested against 70 %;
    of boxes by a third, and 20 % against 60 %
    (`driftwheel.services.label.consensus.answer_payload.likeness`).
    """
    with reading(engine) as connection:
        who = annotator_by_key(connection, annotator)
        project = None if who is None else project_by_key(connection, who.project)
        if who is None or project is None or who.banned is not None:
            return None
        last = last_event(connection, project.key, annotator, "ban")
        after = None if last is None else last.undone or last.time
        if project.answer == "class":
            results = golden_results(connection, annotator, after=after)
        else:
            said = golden_said(connection, annotator, after=after, limit=_LOOKED_AT)
    if project.answer != "class":
        enough = _ENOUGH[project.answer]
        results = [one is not None and likeness(project, one, truth) >= enough for one, truth in said]
    found = _poor(annotator, results, _TESTS[project.answer])
    if found is None:
        return _warn(engine, annotator, pool, results, _TESTS[project.answer], now)
    numbers = {"rule": found.rule, **found.numbers}
    reason = f"{found.reason}{_MEANT.get(project.answer, '')}"
    try:
        return ban_annotator(
            engine, project.key, annotator, reason, exclude=True, by=RULES, now=now, numbers=numbers
        )
    except UsageError:  # somebody else was faster
        return None


def _warn(  # noqa: PLR0917
    engine: Engine,
    annotator: int,
    pool: Pool | None,
    results: Sequence[bool],
    rule: GoldenTest,
    now: datetime,
) -> LabelEvent | None:
    """Warn who is near a ban, while the test is open; where no pool is named, nobody."""
    test = golden_test(results, annotator, rule)
    if pool is None or test.outcome != "open" or test.n < _LEAST or test.log_odds < _NEAR * rule.bound:
        return None
    reason = f"{test.right} of {test.n} golden tasks were answered right, which is near a ban."
    numbers = {"n": test.n, "right": test.right, "log_odds": test.log_odds}
    found = RuleEvent("golden_warning", (annotator,), "warn", reason, numbers)
    return apply_rule(engine, pool, annotator, found, now=now)


def _poor(annotator: int, results: Sequence[bool], rule: GoldenTest) -> RuleEvent | None:
    test = golden_test(results, annotator, rule)
    if test.outcome != "good":
        return test.event
    return skill_watch(results[test.n :], annotator, rule).event
