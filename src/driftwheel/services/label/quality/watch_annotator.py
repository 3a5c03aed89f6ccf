"""Look at how somebody works, right after an answer that gives reason to: too fast, skipping, cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.agreement.cannot_tell import cannot_tell_often
from driftwheel.agreement.rule_event import RuleEvent
from driftwheel.agreement.skipping import skipping
from driftwheel.agreement.too_fast import too_fast
from driftwheel.services.label.projects.pool_rules import PoolRules
from driftwheel.services.label.quality.apply_rule import apply_rule, events_about, history_of
from driftwheel.services.label.quality.challenge_annotator import ask_challenge, is_challenged
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.annotators import annotator_by_key
from driftwheel.store.labels.assignments import assignments_of
from driftwheel.store.labels.label_events import LabelEvent
from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.task_answers import AnswerKind, StoredAnswer, newest_work

__all__ = ["fast_limit_of", "gives_reason", "watch_annotator"]

_LOOKED_AT = 60  # newest answers of the annotator in the pool
_OTHERS = 1000  # newest answers of others in the pool
_LEAST_OTHERS = 30  # of them, before anybody is measured by them

_Rule = Callable[[Sequence[StoredAnswer]], RuleEvent | None]


def fast_limit_of(pool: Pool) -> float:
    """Return the seconds below which an answer in a pool is too fast."""
    return max(PoolRules.from_json(pool.rules).fast_seconds, pool.fast_limit or 0.0)


def gives_reason(pool: Pool, kind: AnswerKind, seconds: float | None) -> bool:
    """Return whether an answer is of a kind that is looked at: few are, and the others cost nothing."""
    rules = PoolRules.from_json(pool.rules)
    if kind == "skip":
        return rules.skipping
    if kind == "cannot_tell" and rules.cannot_tell:
        return True
    return rules.too_fast and seconds is not None and seconds < fast_limit_of(pool)


def watch_annotator(
    engine: Engine, annotator: int, pool: Pool, kind: AnswerKind, *, now: datetime
) -> list[LabelEvent]:
    """Look at the newest answers of an annotator in a pool, and return what was done about them.

    Called when `gives_reason`. What they were paused for, or what was undone, is not held against them again.
    Nothing is worked out while the database is locked.
    """
    rules = PoolRules.from_json(pool.rules)
    with reading(engine) as connection:
        who = annotator_by_key(connection, annotator)
        if who is None or who.banned is not None or who.rests(now):
            return []
        work = newest_work(connection, pool.key, annotator=annotator, limit=_LOOKED_AT)[::-1]
        events = events_about(connection, pool.project, annotator)
        stands = [one for one in assignments_of(connection, pool=pool.key) if one.annotator != annotator]
        others = (
            newest_work(connection, pool.key, without=annotator, limit=_OTHERS)
            if kind == "cannot_tell"
            else []
        )
    shown = sum(one.answered + one.skipped for one in stands)
    skip_share = (sum(one.skipped for one in stands) + 1) / (shown + 2) if shown else 0.0
    told = [one.kind == "cannot_tell" for one in others if one.kind != "skip"]

    def fast(own: Sequence[StoredAnswer]) -> RuleEvent | None:
        seconds = [float("nan") if one.seconds is None else one.seconds for one in own if one.kind != "skip"]
        return too_fast(seconds, fast_limit_of(pool), annotator)

    def skips(own: Sequence[StoredAnswer]) -> RuleEvent | None:
        skipped = [one.kind == "skip" for one in own]
        return skipping(skipped, annotator, pool_share=min(skip_share, 0.9), least=rules.skips_in_row)

    def tells(own: Sequence[StoredAnswer]) -> RuleEvent | None:
        if len(told) < _LEAST_OTHERS:
            return None
        share = (sum(told) + 1) / (len(told) + 2)
        said = [one.kind == "cannot_tell" for one in own if one.kind != "skip"]
        return cannot_tell_often(said, annotator, pool_share=share)

    chosen: dict[str, _Rule] = {}
    if kind == "skip" and rules.skipping:
        chosen["skipping"] = skips
    if kind == "cannot_tell" and rules.cannot_tell:
        chosen["cannot_tell"] = tells
    if kind != "skip" and rules.too_fast:
        chosen["too_fast"] = fast
    done: list[LabelEvent] = []
    for name, rule in chosen.items():
        since = history_of(events, name, now).since
        found = rule([one for one in work if since is None or one.received > since])
        if found is None:
            continue
        if found.action == "challenge" and not is_challenged(rules, who):
            found = replace(found, action="warn")
        event = apply_rule(engine, pool, annotator, found, now=now)
        if event is not None and event.kind == "challenge":
            with writing(engine) as connection:
                ask_challenge(connection, pool, annotator, now)
        done += [] if event is None else [event]
    return done
