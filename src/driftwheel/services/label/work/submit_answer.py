"""Take an annotator's answer to a task: kept once, however often it is sent, and never lost."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from driftwheel.errors import UsageError
from driftwheel.services.crash_points import reach
from driftwheel.services.label.consensus.answer_payload import checked_payload, is_correct
from driftwheel.services.label.consensus.label_consensus import (
    ConsensusInputs,
    LabelConsensus,
    consensus_from,
    consensus_inputs,
)
from driftwheel.services.label.consensus.label_progress import settle, tally
from driftwheel.services.label.projects.pool_rules import PoolRules
from driftwheel.services.label.quality.judge_annotator import judge_annotator
from driftwheel.services.label.quality.watch_annotator import gives_reason, watch_annotator
from driftwheel.services.remark import check_remark
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.annotators import annotator_by_key
from driftwheel.store.labels.assignments import lock_assignment, save_assignment
from driftwheel.store.labels.leases import end_lease, find_lease
from driftwheel.store.labels.pools import Pool, lock_pool, pool_by_key
from driftwheel.store.labels.projects import Project, project_by_key
from driftwheel.store.labels.task_answers import (
    AnswerKind,
    AnswerState,
    StoredAnswer,
    add_answer,
    answer_by_id,
    answer_in_force,
    answers_of_task,
)
from driftwheel.store.labels.tasks import Task, again_position, lock_task, save_task, task_by_key

__all__ = ["NewAnswer", "Submitted", "submit_answer"]

_LONGEST = 7 * 24 * 3600.0  # seconds at one image


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """What an annotator sends.

    Attributes
    ----------
    id
        A UUID of the client: the same answer sent again has the same.
    kind
        ``answer``, ``skip``, or ``cannot_tell``: it was looked at, and nobody could say.
    payload
        See `driftwheel.services.label.consensus.answer_payload`; None unless it is an answer.
    reason
        Of a skip, or why nobody can tell.
    seconds
        How long it was looked at; None: unknown.
    """

    id: str
    task: int
    kind: AnswerKind = "answer"
    payload: Mapping[str, Any] | None = None
    reason: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of it.

    Attributes
    ----------
    outcome
        ``accepted``: kept now. ``duplicate``: the same was kept before. ``conflict``: something else was kept
        under this id, or the annotator has answered the task already; that stays.
    state
        ``counted``, or ``surplus`` where it came after its lease and the task wanted no more: kept, not used.
        None for a conflict.
    truth, correct
        Of a training task: the right answer, and whether it was given.
    reason
        Of a conflict.
    """

    id: str
    outcome: Literal["accepted", "duplicate", "conflict"]
    state: AnswerState | None
    truth: Mapping[str, Any] | None = None
    correct: bool | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _WorkedOut:
    """What was worked out before the database was locked, beside what it came from."""

    correct: tuple[Mapping[str, Any], bool] | None = None
    consensus: tuple[ConsensusInputs, LabelConsensus] | None = None


def submit_answer(engine: Engine, annotator: int, new: NewAnswer, *, now: datetime) -> Submitted:
    """Keep what an annotator says of a task that they were given, and say what became of it.

    It is on disk when this returns. While the lease is live the answer counts, also when the lease has run
    out and nobody has taken the task back, or the pool was closed. After that it counts if the task still
    wants one, and is kept as surplus if not. An answer of who is banned is kept as excluded. A wrong answer
    to a golden task has the annotator judged (`driftwheel.services.label.quality.judge_annotator`),
    one that was too fast, skipped, or told nothing has them looked at
    (`driftwheel.services.label.quality.watch_annotator`).

    Raises
    ------
    LookupError
        When the task is not there, or was never given to the annotator.
    UsageError
        When it is not what the project asks for, or a training task is not answered: that would pass over it.
    """
    with reading(engine) as connection:
        task, project, pool = _asked(connection, annotator, new.task)
    if task.kind == "training" and new.kind != "answer":
        raise UsageError("This is training: answer it, and the right answer is shown.")
    kept = _checked(project, new)
    worked_out = _work_out(engine, annotator, project, task, kept)
    try:
        return _submit(engine, annotator, project, pool, task, kept, worked_out, now)
    except IntegrityError:  # another request had the same id at the same moment, for another task
        return _submit(engine, annotator, project, pool, task, kept, worked_out, now)


def _work_out(engine: Engine, annotator: int, project: Project, task: Task, kept: NewAnswer) -> _WorkedOut:
    """Return what an answer will amount to, before the database is locked: of many boxes it takes a while."""
    if kept.kind == "skip":
        return _WorkedOut()
    if task.truth is not None:
        right = kept.payload is not None and is_correct(project, kept.payload, task.truth)
        return _WorkedOut((task.truth, right))
    if task.kind != "real" or task.state != "open" or task.answers + 1 < task.wanted:
        return _WorkedOut()
    with reading(engine) as connection:
        before = answers_of_task(connection, task.key)
        if any(one.annotator == annotator and one.state != "undone" for one in before):  # sent again
            return _WorkedOut()
        more = [] if kept.payload is None else [(annotator, kept.payload)]
        inputs = consensus_inputs(connection, project, task.key, before, more)
    return _WorkedOut(consensus=(inputs, consensus_from(inputs)))


def _submit(  # noqa: PLR0917
    engine: Engine,
    annotator: int,
    project: Project,
    pool: Pool,
    task: Task,
    kept: NewAnswer,
    worked_out: _WorkedOut,
    now: datetime,
) -> Submitted:
    body = _digest(kept)
    with writing(engine) as connection:
        lock_assignment(connection, annotator, pool.key)
        if pool.most_paid is not None:
            pool = lock_pool(connection, pool.key) or pool
        task = lock_task(connection, task.key) or task
        before = answer_by_id(connection, kept.id)
        if before is not None:
            return _repeated(before, annotator, body, task)
        if answer_in_force(connection, task.key, annotator) is not None:
            reason = "The task has an answer of this annotator already; undo that first."
            return Submitted(kept.id, "conflict", None, reason=reason)
        reach("answer-checked")
        answer = _keep(connection, project, pool, task, annotator, kept, worked_out, body, now)
        reach("answer-written")
    reach("answer-committed")
    _look(engine, annotator, pool, task, answer, now)
    return _told(answer, task, "accepted")


def _look(  # noqa: PLR0917
    engine: Engine, annotator: int, pool: Pool, task: Task, answer: StoredAnswer, now: datetime
) -> None:
    """Look at an annotator after an answer that gives reason to; where it ends here, the next one does."""
    if answer.state not in {"counted", "surplus"}:
        return
    if task.kind == "golden" and answer.correct is False and PoolRules.from_json(pool.rules).golden:
        judge_annotator(engine, annotator, now=now, pool=pool)
    if task.kind in {"real", "golden"} and gives_reason(pool, answer.kind, answer.seconds):
        watch_annotator(engine, annotator, pool, answer.kind, now=now)


def _asked(connection: Connection, annotator: int, key: int) -> tuple[Task, Project, Pool]:
    task = task_by_key(connection, key)
    lease = None if task is None else find_lease(connection, key, annotator)
    pool = None if task is None else pool_by_key(connection, task.pool)
    project = None if pool is None else project_by_key(connection, pool.project)
    if task is None or lease is None or pool is None or project is None:
        raise LookupError(f"There is no task {key} that was given to this annotator.")
    return task, project, pool


def _checked(project: Project, new: NewAnswer) -> NewAnswer:
    try:
        name = str(UUID(new.id))
    except ValueError:
        raise UsageError(f"The id of the answer is '{new.id:.60}'; give a UUID of your own.") from None
    if new.kind != "answer" and new.payload is not None:
        raise UsageError(f"A {new.kind.replace('_', ' ')} has no payload; leave it out.")
    check_remark("reason", new.reason)
    if new.seconds is not None and not (math.isfinite(new.seconds) and 0 <= new.seconds <= _LONGEST):
        raise UsageError(
            f"It was looked at for {new.seconds:g} s; give 0 to {_LONGEST:,.0f}, or leave it out."
        )
    payload = checked_payload(project, new.payload) if new.kind == "answer" else None
    return replace(new, id=name, payload=payload)


def _digest(new: NewAnswer) -> bytes:
    plain = [new.task, new.kind, new.payload, new.reason, new.seconds]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).digest()


def _repeated(before: StoredAnswer, annotator: int, body: bytes, task: Task) -> Submitted:
    if before.annotator == annotator and before.body == body:
        return _told(before, task, "duplicate")
    reason = f"Another answer is kept under the id {before.id}; send this one with an id of its own."
    return Submitted(before.id, "conflict", None, reason=reason)


def _told(answer: StoredAnswer, task: Task, outcome: Literal["accepted", "duplicate"]) -> Submitted:
    explained = task.kind == "training" and answer.kind == "answer"
    return Submitted(
        answer.id,
        outcome,
        answer.state,
        task.truth if explained else None,
        answer.correct if explained else None,
    )


def _keep(  # noqa: PLR0917
    connection: Connection,
    project: Project,
    pool: Pool,
    task: Task,
    annotator: int,
    new: NewAnswer,
    worked_out: _WorkedOut,
    body: bytes,
    now: datetime,
) -> StoredAnswer:
    """Write an answer, and what follows from it for its task and its pool, whose rows are locked."""
    lease = find_lease(connection, task.key, annotator)
    who = annotator_by_key(connection, annotator)
    live = end_lease(connection, task.key, annotator, now)
    skipped = new.kind == "skip"
    real = task.kind == "real"
    has_place = live or not real or task.room > 0
    affordable = live or pool.affordable is None or pool.affordable > 0
    state: AnswerState = "counted" if skipped or (has_place and affordable) else "surplus"
    if who is not None and who.banned is not None:
        state = "excluded"
    counts = state == "counted" and not skipped
    correct = None
    if task.truth is not None and not skipped:
        if worked_out.correct is not None and worked_out.correct[0] == task.truth:
            correct = worked_out.correct[1]
        else:
            correct = new.payload is not None and is_correct(project, new.payload, task.truth)
    paid = counts and pool.price > 0
    answer = add_answer(
        connection,
        id=new.id,
        task=task.key,
        pool=pool.key,
        annotator=annotator,
        body=body,
        kind=new.kind,
        payload=new.payload,
        reason=new.reason,
        seconds=new.seconds,
        leased=now if lease is None else lease.begun,
        received=now,
        state=state,
        excluded_by=who.banned if who is not None and state == "excluded" else None,
        correct=correct,
        paid=paid,
    )
    done = 0
    if real:
        task = replace(task, leases=task.leases - live)
        skips = task.skips + (skipped and state == "counted")
        task = replace(task, answers=task.answers + counts, skips=skips)
        if live and not counts:  # others may have it
            task = replace(task, position=again_position(now))
        if task.state == "open" and state == "counted":
            done = int(settle(connection, project, pool, task, now, worked_out.consensus).state != "open")
        else:
            save_task(connection, task)
    _note_work(connection, pool, task, annotator, new.kind, state, correct)
    tally(connection, pool, now, done=done, paid=int(paid), reserved=-int(live))
    return answer


def _note_work(  # noqa: PLR0917
    connection: Connection,
    pool: Pool,
    task: Task,
    annotator: int,
    kind: AnswerKind,
    state: AnswerState,
    correct: bool | None,
) -> None:
    if task.kind not in {"real", "golden"} or state != "counted":
        return
    stands = lock_assignment(connection, annotator, pool.key)
    judged = task.kind == "golden" and correct is not None
    save_assignment(
        connection,
        replace(
            stands,
            answered=stands.answered + (kind != "skip"),
            skipped=stands.skipped + (kind == "skip"),
            golden=stands.golden + judged,
            golden_correct=stands.golden_correct + bool(judged and correct),
        ),
    )
