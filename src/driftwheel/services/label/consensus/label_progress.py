"""What follows from a change of a task: it is wanted again, or finished, and its pool closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from driftwheel.agreement.dynamic_overlap import OverlapRule, decide_overlap
from driftwheel.services.label.consensus.label_consensus import (
    ConsensusInputs,
    LabelConsensus,
    consensus_from,
    consensus_inputs,
)
from driftwheel.services.label.projects.pool_rules import RULES, PoolRules, review_of
from driftwheel.services.label.webhooks.tell_webhooks import tell_of_pool, tell_of_tasks
from driftwheel.store.labels.label_events import add_event
from driftwheel.store.labels.leases import end_expired, expired_tasks
from driftwheel.store.labels.pools import ClosedBecause, Pool, add_to_pool, set_pool_state
from driftwheel.store.labels.projects import Project, project_by_key
from driftwheel.store.labels.task_answers import answers_of_task, set_answer, surplus_answers
from driftwheel.store.labels.tasks import Task, TaskState, again_position, lock_unlocked, save_task

__all__ = ["close", "offer_again", "settle", "take_back_expired", "tally", "use_surplus"]

_MOST_TAKEN_BACK = 50  # expired leases at once: who comes next takes back others
_MOST_SKIPS = 5  # people who would not answer, until a task is set aside


def take_back_expired(connection: Connection, pool: Pool, now: datetime) -> int:
    """End leases of a pool that have expired, offer their tasks again, and return how many those were.

    The pool is locked, where it has a budget.
    """
    due = expired_tasks(connection, pool.key, now, limit=_MOST_TAKEN_BACK)
    if not due:
        return 0
    locked = {one.key: one for one in lock_unlocked(connection, due)}
    ended = end_expired(connection, locked.keys(), now)
    opened = [
        offer_again(
            connection, replace(locked[key], leases=locked[key].leases - ended.count(key)), now, number
        )
        for number, key in enumerate(sorted(set(ended)))
        if locked[key].kind == "real"
    ]
    if ended and pool.most_paid is not None:
        pool = add_to_pool(connection, pool.key, reserved=-len(ended))
    project = project_by_key(connection, pool.project)
    if opened and project is not None:
        done, paid = use_surplus(connection, project, pool, opened, now)
        tally(connection, pool, now, done=done, paid=paid)
    return len(ended)


def use_surplus(
    connection: Connection, project: Project, pool: Pool, tasks: Sequence[Task], now: datetime
) -> tuple[int, int]:
    """Let answers that had come too late count where there is room again; return how many are done and paid.

    Those are the answers of people who are not banned, in the order they came, as far as the budget pays
    them. The tasks are locked; what they come to is kept.
    """
    late = surplus_answers(connection, [one.key for one in tasks if one.kind == "real"])
    done = paid = 0
    for task in tasks:
        current = task.with_room()
        for answer in late.get(task.key, ()):
            affordable = pool.affordable is None or pool.affordable > paid
            if current.room <= 0 or not affordable:
                break
            pays = pool.price > 0
            set_answer(connection, answer.key, "counted", paid=pays)
            paid += pays
            current = settle(connection, project, pool, replace(current, answers=current.answers + 1), now)
            done += current.state != "open"
    return done, paid


def offer_again(connection: Connection, task: Task, now: datetime, number: int = 0) -> Task:
    """Keep a task that has lost an answer or a lease, so that all who may answer it meet it again, soon.

    Parameters
    ----------
    number
        Of several tasks in one transaction: their positions differ.
    """
    return save_task(connection, replace(task, position=again_position(now) + number))


def settle(  # noqa: PLR0917
    connection: Connection,
    project: Project,
    pool: Pool,
    task: Task,
    now: datetime,
    ready: tuple[ConsensusInputs, LabelConsensus] | None = None,
) -> Task:
    """Keep a real task that is open and has got an answer or a skip: finish it, ask one more, or wait.

    With all answers it is done, or in dispute where the consensus is not sure enough after the most answers
    of a dynamic overlap. One that too many people skipped is set aside. The rules of the pool say what of it
    comes into the review queue.

    Parameters
    ----------
    ready
        A consensus that was worked out before; it is taken where the answers are still those it came from.
    """
    if task.skips >= _MOST_SKIPS and task.answers == 0:
        reason = f"{task.skips} annotators have skipped the image of '{task.record}'."
        add_event(
            connection,
            project.key,
            "set_aside",
            reason,
            time=now,
            by=RULES,
            pool=pool.key,
            task=task.key,
            numbers={"skips": task.skips},
        )
        aside = save_task(connection, replace(task, state="set_aside", finished=now, review="set_aside"))
        tell_of_tasks(connection, project.key, "task.review_wanted", [aside], now)
        return aside
    if task.answers < task.wanted:
        return save_task(connection, task)
    inputs = consensus_inputs(connection, project, task.key, answers_of_task(connection, task.key))
    found = ready[1] if ready is not None and ready[0] == inputs else consensus_from(inputs)
    rule = OverlapRule(pool.overlap, pool.most_overlap, pool.confidence)
    decision = decide_overlap(found.confidence, task.answers, rule)
    task = replace(task, consensus=found.payload, confidence=found.confidence)
    if decision.action == "ask":
        return offer_again(connection, replace(task, wanted=task.answers + 1), now)
    state: TaskState = "done" if decision.action == "stop" else "disputed"
    review = review_of(PoolRules.from_json(pool.rules), task.key, state, found.confidence)
    task = save_task(connection, replace(task, state=state, finished=now, review=review))
    if state == "done":
        tell_of_tasks(connection, project.key, "task.completed", [task], now)
    if review is not None:
        tell_of_tasks(connection, project.key, "task.review_wanted", [task], now)
    return task


def tally(
    connection: Connection,
    pool: Pool,
    now: datetime,
    *,
    done: int = 0,
    paid: int = 0,
    reserved: int = 0,
    tasks: int = 0,
) -> None:
    """Add to what is counted of a pool; the last task, or the last of its budget, closes it.

    A pool that had closed by itself opens again when there is something to do in it after all.
    """
    if pool.most_paid is None:
        reserved = 0
    if not (done or paid or reserved or tasks) and pool.most_paid is None:
        return
    after = add_to_pool(connection, pool.key, tasks=tasks, done=done, paid=paid, reserved=reserved)
    if after.state == "open" and after.done >= after.tasks > 0:
        close(connection, after, "finished", f"All {after.tasks:,} images are labelled.", RULES, now)
    elif after.state == "open" and after.affordable == 0 and after.reserved == 0:
        close(connection, after, "budget", f"The budget is spent on {after.paid:,} answers.", RULES, now)
    elif (after.closed_because == "finished" and after.done < after.tasks) or (
        after.closed_because == "budget" and after.affordable
    ):
        set_pool_state(connection, after.key, "open")
        reason = "There is something to be labelled again."
        add_event(connection, after.project, "pool_opened", reason, time=now, by=RULES, pool=after.key)
        tell_of_pool(connection, after, "pool.opened", "again", reason, now)


def close(  # noqa: PLR0917  a sentence: close it because of that
    connection: Connection, pool: Pool, because: ClosedBecause, reason: str, by: str, now: datetime
) -> None:
    """Close an open pool; who has a task may still answer it."""
    set_pool_state(connection, pool.key, "closed", because)
    numbers = {"tasks": pool.tasks, "done": pool.done, "paid": pool.paid}
    add_event(
        connection, pool.project, "pool_closed", reason, time=now, by=by, pool=pool.key, numbers=numbers
    )
    tell_of_pool(connection, pool, "pool.closed", because, reason, now)
