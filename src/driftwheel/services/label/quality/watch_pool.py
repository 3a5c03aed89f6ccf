"""Look at all answers of a pool, now and then: how fast good annotators are, and whether somebody copies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.agreement.class_answers import Answer, class_answers, golden_column
from driftwheel.agreement.collusion import collusion_events, copying_pairs
from driftwheel.agreement.golden_bayes import golden_bayes
from driftwheel.agreement.rule_event import RuleEvent
from driftwheel.agreement.sprt import GoldenTest
from driftwheel.agreement.too_fast import fast_limit
from driftwheel.services.label.projects.pool_rules import PoolRules
from driftwheel.services.label.quality.apply_rule import apply_rule, events_about
from driftwheel.store.assist.prelabels import seen_prelabels
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.annotators import list_annotators
from driftwheel.store.labels.assignments import Assignment, assignments_of
from driftwheel.store.labels.label_events import LabelEvent
from driftwheel.store.labels.pools import Pool, pool_by_key, set_pool_watch
from driftwheel.store.labels.projects import project_by_key
from driftwheel.store.labels.task_answers import StoredAnswer, newest_work, pools_to_watch
from driftwheel.store.labels.tasks import tasks_by_key

__all__ = ["unwatched_pools", "watch_pool"]

_NEW = 100  # answers since the last look, for another one
_LOOKED_AT = 20_000  # newest answers
_TIMED = 1000  # newest answers whose seconds say how fast good annotators are
_CHUNK = 500


def unwatched_pools(connection: Connection) -> list[int]:
    """Return pools in which enough was answered since they were looked at; once closed, anything."""
    return pools_to_watch(connection, _NEW)


def watch_pool(engine: Engine, pool: int, *, now: datetime) -> list[LabelEvent]:
    """Look at the newest answers of a pool, and return what was done about annotators.

    Keeps how fast an answer is too fast there. In a project that asks for one class, annotators of whom one
    copies the other have to pause; who was copied from cannot be told, so that goes for both. What a pause
    was for, or one that was undone, is not held against them again.
    """
    with reading(engine) as connection:
        found = pool_by_key(connection, pool)
        project = None if found is None else project_by_key(connection, found.project)
        if found is None or project is None:
            return []
        work = newest_work(connection, pool, limit=_LOOKED_AT)
        stands = assignments_of(connection, pool=pool)
        rules = PoolRules.from_json(found.rules)
        copies = rules.collusion and project.answer == "class"
        events: list[RuleEvent] = []
        names = [one.name for one in project.classes]
        answers = _answers(connection, found, work) if copies else []
        truths = _truths(connection, answers)
    trusted = {one.annotator for one in stands if _is_good(one)}
    seconds = [one.seconds for one in work if one.annotator in trusted and one.seconds is not None]
    limit = fast_limit(seconds[:_TIMED], least=rules.fast_seconds)
    if answers:
        told = (Answer(one.task, one.annotator, (one.payload or {})["class"]) for one in answers)
        given = class_answers(told, names)
        golden = golden_column(given, truths)
        posterior = golden_bayes(given, golden).consensus.posterior
        events = list(collusion_events(copying_pairs(given, posterior, golden)))
    with writing(engine) as connection:
        newest = work[0].key if work else found.watched or 0
        set_pool_watch(connection, pool, fast_limit=limit, watched=newest)
    done = [apply_rule(engine, found, int(who), one, now=now) for one in events for who in one.annotators]
    return [one for one in done if one is not None]


def _answers(connection: Connection, pool: Pool, work: Sequence[StoredAnswer]) -> list[StoredAnswer]:
    """Return the answers that may be held against their annotators, the oldest first.

    None to a task that came with a pre-label: who both accept it did not copy from each other.
    """
    seen = seen_prelabels(connection, pool.key, limit=2 * _LOOKED_AT)
    banned = {one.key for one in list_annotators(connection, pool.project) if one.banned is not None}
    since = {}
    for who in {one.annotator for one in work}:
        own = [
            one
            for one in events_about(connection, pool.project, who)
            if one.numbers.get("rule") == "collusion"
        ]
        if own:
            since[who] = max(one.undone or one.time for one in own)
    return [
        one
        for one in reversed(work)
        if one.kind == "answer" and one.payload is not None and one.annotator not in banned
        if one.annotator not in since or one.received > since[one.annotator]
        if (one.task, one.annotator) not in seen
    ]


def _truths(connection: Connection, answers: Sequence[StoredAnswer]) -> dict[int | str, str]:
    keys = sorted({one.task for one in answers})
    truths: dict[int | str, str] = {}
    for begin in range(0, len(keys), _CHUNK):
        for key, task in tasks_by_key(connection, keys[begin : begin + _CHUNK]).items():
            if task.truth is not None:
                truths[key] = str(task.truth["class"])
    return truths


def _is_good(stands: Assignment) -> bool:
    """Return whether somebody's golden tasks say that they are good, all together."""
    test = GoldenTest()
    wrong = stands.golden - stands.golden_correct
    return test.weight(True) * stands.golden_correct + test.weight(False) * wrong <= -test.bound
