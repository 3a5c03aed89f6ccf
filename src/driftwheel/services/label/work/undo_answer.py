"""Undo an annotator's last answer: it stays, marked undone, and the task is theirs again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.label.consensus.label_progress import tally
from driftwheel.services.label.webhooks.tell_webhooks import tell_of_tasks
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.annotators import annotator_by_key
from driftwheel.store.labels.assignments import lock_assignment, save_assignment
from driftwheel.store.labels.leases import give_lease
from driftwheel.store.labels.pools import Pool, lock_pool, pool_by_key
from driftwheel.store.labels.task_answers import StoredAnswer, last_answer, set_answer
from driftwheel.store.labels.tasks import Task, again_position, lock_task, save_task

__all__ = ["UNDONE_WITHIN", "undo_answer"]

UNDONE_WITHIN = timedelta(minutes=10)
"""For so long an answer can be undone: a slip of the hand is seen at once."""


def undo_answer(engine: Engine, annotator: int, answer: str, *, now: datetime) -> StoredAnswer:
    """Undo the last answer or skip of an annotator, and return it as it was.

    The task is leased to them anew where it still wants an answer; with `next_tasks` it comes again. A task
    that this answer had finished is open again, and so is its pool.

    Parameters
    ----------
    answer
        Its id.

    Raises
    ------
    UsageError
        When it is not the last one they ever gave, was undone, is older than `UNDONE_WITHIN`, was explained
        (training) or is of an exam, a reviewer has decided of the task, or they are banned.
    """
    with reading(engine) as connection:
        last = _last(connection, annotator, answer, now)
    with writing(engine) as connection:
        stands = lock_assignment(connection, annotator, last.pool)
        pool = pool_by_key(connection, last.pool)
        if pool is not None and pool.most_paid is not None:
            pool = lock_pool(connection, pool.key)
        task = lock_task(connection, last.task)
        last = _last(connection, annotator, answer, now)
        who = annotator_by_key(connection, annotator)
        if pool is None or task is None or who is None or who.banned is not None:
            raise UsageError("Nothing can be undone by who is banned.")
        if task.kind not in {"real", "golden"}:
            raise UsageError("What is answered in the training or the exam stays.")
        if task.reviewed is not None:
            raise UsageError("A reviewer has decided of this task; what was said of it stays.")
        set_answer(connection, last.key, "undone", paid=False)
        done, leased = _take_back(connection, pool, task, last, now)
        if last.state == "counted":
            skipped = last.kind == "skip"
            judged = task.kind == "golden" and last.correct is not None
            save_assignment(
                connection,
                replace(
                    stands,
                    answered=stands.answered - (not skipped),
                    skipped=stands.skipped - skipped,
                    golden=stands.golden - judged,
                    golden_correct=stands.golden_correct - bool(judged and last.correct),
                ),
            )
        tally(connection, pool, now, done=done, paid=-int(last.paid), reserved=int(leased))
    return last


def _last(connection: Connection, annotator: int, answer: str, now: datetime) -> StoredAnswer:
    last = last_answer(connection, annotator)
    if last is None or last.id != answer.lower():
        raise UsageError(
            f"The answer {answer:.60} is not the last of this annotator; only that can be undone."
        )
    if last.state == "undone":
        raise UsageError(f"The answer {last.id} was undone already; those before it stay.")
    if now - last.received > UNDONE_WITHIN:
        raise UsageError(
            f"The answer {last.id} is more than {UNDONE_WITHIN.total_seconds() / 60:.0f} min old; it stays."
        )
    if last.state == "excluded":
        raise UsageError("The answer was excluded; nothing of it can be undone.")
    return last


def _take_back(
    connection: Connection, pool: Pool, task: Task, last: StoredAnswer, now: datetime
) -> tuple[int, bool]:
    """Lease the task anew where it wants an answer; return how finished tasks change, and whether it was."""
    affordable = last.paid or pool.affordable is None or pool.affordable > 0
    done, leased = 0, affordable
    if task.kind == "real":
        counted, skipped = last.state == "counted", last.kind == "skip"
        if counted and task.state != "open":
            task = task.reopened()
            done = -1
        answers = task.answers - (counted and not skipped)
        task = replace(task, answers=answers, skips=task.skips - (counted and skipped)).with_room()
        leased = task.room > 0 and affordable
        task = replace(task, leases=task.leases + leased)
        if not leased:
            task = replace(task, position=again_position(now))
        task = save_task(connection, task)
        if done:
            tell_of_tasks(connection, pool.project, "task.reopened", [task], now)
    if leased:
        expires = now + timedelta(seconds=pool.lease_seconds)
        give_lease(connection, task.key, pool=pool.key, annotator=last.annotator, begun=now, expires=expires)
    return done, leased
