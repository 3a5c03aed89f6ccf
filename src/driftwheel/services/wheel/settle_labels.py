"""The step `consensus`: what of the pool has a label that may be used, and what is left out."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from driftwheel.services.wheel.turn_moves import At, end, go_on, moving, wait
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import pool_by_key
from driftwheel.store.labels.review_queue import count_queued
from driftwheel.store.labels.tasks import Task, list_tasks

__all__ = ["LEAST_LABELS", "settle_labels"]

LEAST_LABELS = 10
"""Labelled images below which nothing can be learnt or measured."""

_TASKS = 20_000
_WORDS = {
    "in_dispute": "annotators do not agree",
    "set_aside": "nobody would answer",
    "cannot_tell": "nobody could tell",
    "unanswered": "nobody, or too few, had answered",
}


def settle_labels(at: At) -> bool:
    """Wait for the review where the policy wants one, else leave out what is not settled."""
    key = at.last("pool")
    with reading(at.engine) as connection:
        pool = None if key is None else pool_by_key(connection, key)
        queued = 0 if pool is None else sum(count_queued(connection, pool.project, pool=pool.key).values())
        tasks = [] if pool is None else list_tasks(connection, pool.key, limit=_TASKS)
    deadline = at.step.begun + timedelta(days=at.policy.deadline_days)
    if pool is not None and queued and at.policy.unsettled == "review" and at.now < deadline:
        told = f"{queued:,} images of the pool '{pool.name}' wait for a review."
        with moving(at) as connection:
            wait(connection, at, "review", told, until=deadline)
        return False
    found = Counter(_what_became(one) for one in tasks if one.kind == "real")
    labelled = found["labelled"]
    sure = [one.confidence for one in tasks if _what_became(one) == "labelled" and one.confidence is not None]
    numbers = {
        "labelled": labelled,
        "left_out": found.total() - labelled,
        **{what: found[what] for what in _WORDS if found[what]},
        "confidence": sum(sure) / len(sure) if sure else None,
    }
    told = _told(found)
    again = any(one.name == "gate" for one in at.steps)
    with moving(at) as connection:
        if labelled < LEAST_LABELS and not again:
            reason = f"{told} At least {LEAST_LABELS} are needed to go on."
            end(connection, at, "failed", reason, told=told, found=numbers)
        else:
            go_on(connection, at, "gate" if again else "measure", told=told, found=numbers)
    return True


def _what_became(task: Task) -> str:
    if task.state == "done":
        return "labelled" if task.consensus is not None else "cannot_tell"
    if task.state == "open":
        return "unanswered"
    return "in_dispute" if task.state == "disputed" else "set_aside"


def _told(found: Counter[str]) -> str:
    labelled, n = found["labelled"], found.total()
    told = f"{labelled:,} of {n:,} images have a label."
    left_out = [f"of {found[what]:,} {words}" for what, words in _WORDS.items() if found[what]]
    return told if not left_out else f"{told} Left out: {', '.join(left_out)}."
