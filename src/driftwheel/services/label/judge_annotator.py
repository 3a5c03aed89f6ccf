"""Judge an annotator by their golden tasks, and ban who is poor; that is an event, and can be undone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.agreement.rule_event import RuleEvent
from driftwheel.agreement.skill_watch import skill_watch
from driftwheel.agreement.sprt import golden_test
from driftwheel.errors import UsageError
from driftwheel.services.label.ban_annotator import ban_annotator
from driftwheel.services.label.label_progress import RULES
from driftwheel.store.annotators import annotator_by_key
from driftwheel.store.database import reading
from driftwheel.store.label_events import LabelEvent, last_event
from driftwheel.store.projects import project_by_key
from driftwheel.store.task_answers import golden_results

__all__ = ["judge_annotator"]


def judge_annotator(engine: Engine, annotator: int, *, now: datetime) -> LabelEvent | None:
    """Ban an annotator whose golden tasks say that they are poor, and return the event; None: they stay.

    First Wald's test of 60 % right against 90 %, with 5 % errors: about a dozen golden tasks. Who has passed
    it is watched for becoming poor (`driftwheel.agreement.skill_watch`). Their answers count no longer.
    Golden tasks up to the last ban that was undone are not held against them again.

    Only in projects that ask for one class: of sets of classes and boxes nobody knows what share a good
    annotator has exactly right.
    """
    with reading(engine) as connection:
        who = annotator_by_key(connection, annotator)
        project = None if who is None else project_by_key(connection, who.project)
        if who is None or project is None or who.banned is not None or project.answer != "class":
            return None
        found = _poor(connection, who.key, project.key)
    if found is None:
        return None
    numbers = {"rule": found.rule, **found.numbers}
    try:
        return ban_annotator(
            engine, project.key, annotator, found.reason, exclude=True, by=RULES, now=now, numbers=numbers
        )
    except UsageError:  # somebody else was faster
        return None


def _poor(connection: Connection, annotator: int, project: int) -> RuleEvent | None:
    last = last_event(connection, project, annotator, "ban")
    after = None if last is None else last.undone or last.time
    results = golden_results(connection, annotator, after=after)
    test = golden_test(results, annotator)
    if test.outcome != "good":
        return test.event
    return skill_watch(results[test.n :], annotator).event
