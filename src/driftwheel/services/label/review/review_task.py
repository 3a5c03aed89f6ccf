"""Decide of a task as a person: accept its consensus, edit it, or reject it and have it labelled again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.label.consensus.answer_payload import checked_payload
from driftwheel.services.label.consensus.label_progress import offer_again, tally
from driftwheel.services.label.webhooks.tell_webhooks import tell_of_tasks
from driftwheel.services.remark import check_remark
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.label_events import add_event
from driftwheel.store.labels.pools import Pool, lock_pool, pool_by_key
from driftwheel.store.labels.projects import Project, project_by_key
from driftwheel.store.labels.review_queue import Review, ReviewAction, add_review, reviews_of
from driftwheel.store.labels.task_answers import answers_of_task, set_answer
from driftwheel.store.labels.tasks import Task, lock_task, save_task, task_by_key
from driftwheel.store.operate.audit import note

__all__ = ["Decision", "review_task", "reviewable"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer decides.

    Attributes
    ----------
    action
        ``accept``: the consensus is right. ``edit``: `payload` is right. ``reject``: it is labelled again.
    payload
        See `driftwheel.services.label.consensus.answer_payload`. Of an acceptance: the
        consensus that the reviewer saw, which must still be that of the task; None: whatever it is.
    reason
        Why, as the reviewer says it; may be empty.
    again
        Who is asked after a rejection: ``others`` than those who have answered, or ``anyone``.
    anew
        Decide though somebody has decided already.
    """

    action: ReviewAction
    payload: Mapping[str, Any] | None = None
    reason: str = ""
    again: Literal["others", "anyone"] = "others"
    anew: bool = False


def review_task(
    engine: Engine, project: int, task: int, decision: Decision, *, by: str, now: datetime
) -> Review:
    """Decide of a task, and return the review; noted in the audit.

    What was accepted or edited is final: neither later answers nor bans change it, only another review does.
    Rejected, the answers of the task count no longer, and are kept; it wants as many as a new one. They stay
    paid. Its pool opens again, where it had closed because all was labelled.

    Raises
    ------
    LookupError
        When the project has no such task.
    UsageError
        When the task is not real, is still to be answered, was decided of already (unless `anew`), or the
        decision cannot be used.
    """
    with reading(engine) as connection:
        found, seen, _ = reviewable(connection, project, task)
    payload = _checked(found, seen, decision)
    with writing(engine) as connection:
        pool = pool_by_key(connection, seen.pool)
        if pool is not None and pool.most_paid is not None:
            pool = lock_pool(connection, pool.key)
        current = lock_task(connection, task)
        if pool is None or current is None:
            raise LookupError(f"The project '{found.name}' has no task {task}.")
        _check_state(connection, current, decision, payload)
        event = _requeue(connection, found, pool, current, decision, by, now) if payload is None else None
        review = add_review(
            connection,
            project=project,
            pool=pool.key,
            task=task,
            why=current.review,
            action=decision.action,
            payload=payload,
            consensus=current.consensus,
            confidence=current.confidence,
            reason=decision.reason,
            event=event,
            time=now,
            by=by,
        )
        if payload is not None:
            final = replace(
                current,
                state="done",
                consensus=payload,
                confidence=1.0,
                finished=current.finished or now,
                review=None,
                reviewed=review.key,
            )
            tell_of_tasks(connection, project, "task.completed", [save_task(connection, final)], now)
        details = {"task": task, "record": current.record, "action": decision.action}
        note(connection, now, by, "review-task", f"project {found.name}", details)
    return review


def reviewable(connection: Connection, project: int, task: int) -> tuple[Project, Task, Pool]:
    """Return a project, a task of it and its pool.

    Raises
    ------
    LookupError
        When the project has no such task.
    """
    whose, found = project_by_key(connection, project), task_by_key(connection, task)
    pool = None if found is None else pool_by_key(connection, found.pool)
    if whose is None:
        raise LookupError(f"There is no project with the key {project}.")
    if found is None or pool is None or pool.project != project:
        raise LookupError(f"The project '{whose.name}' has no task {task}.")
    return whose, found, pool


def _checked(project: Project, task: Task, decision: Decision) -> dict[str, Any] | None:
    """Return what the task is decided to be; None: it is rejected."""
    if task.kind != "real":
        raise UsageError(f"The task {task.key} is {task.kind}: its right answer is known already.")
    check_remark("reason", decision.reason)
    if decision.action == "edit":
        return checked_payload(project, decision.payload)
    if decision.action == "reject":
        if decision.payload is not None:
            raise UsageError("What is rejected has no payload; leave it out, or edit the label instead.")
        return None
    if task.consensus is None:
        raise UsageError(f"The task {task.key} has no consensus to accept; edit or reject it.")
    if decision.payload is not None:
        return checked_payload(project, decision.payload)
    return dict(task.consensus)


def _check_state(
    connection: Connection, task: Task, decision: Decision, payload: Mapping[str, Any] | None
) -> None:
    if task.state == "open":
        raise UsageError(
            f"The task {task.key} is still being answered ({task.answers} of {task.wanted}); nothing is "
            "to be decided of it yet."
        )
    if task.reviewed is not None and not decision.anew:
        before = reviews_of(connection, [task.reviewed])[task.reviewed]
        raise UsageError(
            f"{before.by} has decided of the task {task.key} already ({before.action}, "
            f"{before.time:%Y-%m-%d %H:%M} UTC); say that you decide anew."
        )
    if decision.action == "accept" and task.consensus != payload:
        raise UsageError(f"The consensus of the task {task.key} has changed meanwhile; look at it again.")


def _requeue(  # noqa: PLR0917
    connection: Connection,
    project: Project,
    pool: Pool,
    task: Task,
    decision: Decision,
    by: str,
    now: datetime,
) -> int:
    """Have a task, which is locked, labelled again, and return the key of the event that says so."""
    said = [one for one in answers_of_task(connection, task.key) if one.state in {"counted", "surplus"}]
    reason = decision.reason or "A reviewer has rejected what it was labelled as."
    event = add_event(
        connection,
        project.key,
        "requeued",
        reason,
        time=now,
        by=by,
        pool=pool.key,
        task=task.key,
        numbers={"answers": len(said), "confidence": task.confidence},
    )
    for one in said:
        state = "excluded" if decision.again == "others" else "undone"
        set_answer(connection, one.key, state, paid=one.paid, excluded_by=event.key)  # type: ignore[arg-type]
    after = replace(task.reopened(), wanted=pool.overlap, answers=0, skips=0)
    tell_of_tasks(connection, project.key, "task.reopened", [offer_again(connection, after, now)], now)
    tally(connection, pool, now, done=-1)
    return event.key
