"""Ban an annotator from a project, and undo that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.label.consensus.label_progress import settle, tally, use_surplus
from driftwheel.services.label.webhooks.tell_webhooks import tell_of_tasks
from driftwheel.services.remark import LONGEST_REMARK
from driftwheel.store.access.tokens import end_token, restore_token
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.annotators import Annotator, annotator_by_key, set_banned
from driftwheel.store.labels.assignments import assignments_of, lock_assignment
from driftwheel.store.labels.label_events import LabelEvent, add_event, event_by_key, set_undone
from driftwheel.store.labels.leases import end_lease, held_tasks
from driftwheel.store.labels.pools import Pool, lock_pool, pool_by_key
from driftwheel.store.labels.projects import project_by_key
from driftwheel.store.labels.task_answers import answers_excluded_by, counted_answers, set_answer
from driftwheel.store.labels.tasks import Task, again_position, lock_tasks, save_task
from driftwheel.store.operate.audit import note

__all__ = ["ban_annotator", "undo_ban"]


def ban_annotator(
    engine: Engine,
    project: int,
    annotator: int,
    reason: str,
    *,
    exclude: bool,
    by: str,
    now: datetime,
    numbers: Mapping[str, Any] | None = None,
) -> LabelEvent:
    """Ban an annotator: no task is handed to them any more, and what they have goes to others.

    The token of who joined by an invitation is revoked.

    Parameters
    ----------
    reason
        Why, 1 to 2000 characters.
    exclude
        Whether their answers count no longer, so that their tasks want others in their place, but for those
        that a reviewer has decided of. They are kept.
    numbers
        What the reason rests on, by name.

    Returns
    -------
    LabelEvent
        Noted in the audit too; `undo_ban` takes it back.

    Raises
    ------
    LookupError
        When the project has no such annotator.
    UsageError
        When they are banned already, or the reason cannot be used.
    """
    if not 0 < len(reason.strip()) <= LONGEST_REMARK:
        raise UsageError(f"Say in 1 to {LONGEST_REMARK:,} characters why the annotator is banned.")
    with writing(engine) as connection:
        who = _locked(connection, project, annotator)
        if who.banned is not None:
            raise UsageError(f"The annotator '{who.name}' is banned already.")
        pools = _pools(connection, annotator)
        counted = {one.task: one for one in counted_answers(connection, annotator)} if exclude else {}
        event = add_event(
            connection,
            project,
            "ban",
            reason,
            time=now,
            by=by,
            annotator=annotator,
            numbers={**(numbers or {}), "excluded": len(counted)},
        )
        set_banned(connection, annotator, event.key)
        if who.token is not None:
            end_token(connection, who.token, now)
        done: Counter[int] = Counter()
        paid: Counter[int] = Counter()
        reserved: Counter[int] = Counter()
        reopened: list[Task] = []
        open_again: list[Task] = []
        for number, task in enumerate(lock_tasks(connection, {*held_tasks(connection, annotator), *counted})):
            freed = int(end_lease(connection, task.key, annotator, now))
            reserved[task.pool] -= freed
            if task.kind != "real":
                continue
            answer = counted.get(task.key)
            if answer is not None:
                set_answer(connection, answer.key, "excluded", paid=False, excluded_by=event.key)
                paid[task.pool] -= answer.paid
                left = task.answers - 1
                overlap = pools[task.pool].overlap
                wanted = overlap if left < overlap else left + 1  # one more in its place, and none beside it
                task = replace(task, answers=left, wanted=wanted)  # noqa: PLW2901
                if task.reviewed is None:
                    was_done = task.state != "open"
                    done[task.pool] -= was_done
                    task = task.reopened()  # noqa: PLW2901
                    reopened += [task] * was_done
            position = again_position(now) + number
            open_again.append(
                save_task(connection, replace(task, leases=task.leases - freed, position=position))
            )
        tell_of_tasks(connection, project, "task.reopened", reopened, now)
        whose = project_by_key(connection, project)
        for key, pool in sorted(pools.items()):
            tally(connection, pool, now, done=done[key], paid=paid[key], reserved=reserved[key])
            mine = [one for one in open_again if one.pool == key]
            current = pool_by_key(connection, key)
            if mine and whose is not None and current is not None:
                finished, more = use_surplus(connection, whose, current, mine, now)
                tally(connection, current, now, done=finished, paid=more)
        details = {"annotator": who.name, "reason": reason, "excluded": len(counted)}
        note(connection, now, by, "ban-annotator", f"project {_name(connection, project)}", details)
    return event


def undo_ban(engine: Engine, project: int, event: int, *, by: str, now: datetime) -> LabelEvent:
    """Undo a ban, and return its event; noted in the audit.

    Answers that it excluded count again where their tasks still want one, and the budget pays it; others have
    taken the place of the rest, which are kept as surplus. A token that the ban revoked works again.

    Raises
    ------
    LookupError
        When the project has no such event.
    UsageError
        When it is no ban, or was undone.
    """
    with writing(engine) as connection:
        found = event_by_key(connection, event)
        whose = project_by_key(connection, project)
        if found is None or found.project != project or whose is None:
            raise LookupError(f"The project has no event {event}.")
        if found.kind != "ban" or found.annotator is None:
            raise UsageError(f"The event {event} is no ban, but '{found.kind}'; there is nothing to undo.")
        who = _locked(connection, project, found.annotator)
        if not set_undone(connection, event, now, by):
            raise UsageError(f"The ban {event} was undone already.")
        if who.banned == event:
            set_banned(connection, who.key, None)
            if who.token is not None:
                restore_token(connection, who.token, found.time)
        pools = _pools(connection, who.key)
        excluded = {one.task: one for one in answers_excluded_by(connection, who.key, event)}
        done: Counter[int] = Counter()
        paid: Counter[int] = Counter()
        for task in lock_tasks(connection, excluded):
            answer, pool = excluded[task.key], pools[task.pool]
            room = task.kind != "real" or (answer.kind != "skip" and task.room > 0)
            counts = room and answer.kind != "skip"
            if counts and pool.affordable is not None:
                room = counts = pool.affordable > paid[task.pool]
            pays = pool.price > 0 and counts
            set_answer(connection, answer.key, "counted" if room else "surplus", paid=pays)
            paid[task.pool] += pays
            if room and task.kind == "real":
                after = settle(connection, whose, pool, replace(task, answers=task.answers + 1), now)
                done[task.pool] += after.state != "open"
        for key, pool in sorted(pools.items()):
            tally(connection, pool, now, done=done[key], paid=paid[key])
        note(connection, now, by, "undo-ban", f"project {whose.name}", {"annotator": who.name})
        return event_by_key(connection, event) or found


def _locked(connection: Connection, project: int, annotator: int) -> Annotator:
    who = annotator_by_key(connection, annotator, held=True)
    if who is None or who.project != project:
        raise LookupError(f"The project has no annotator {annotator}.")
    return who


def _pools(connection: Connection, annotator: int) -> dict[int, Pool]:
    """Return the pools that an annotator works in; what they do there, and their budgets, are locked."""
    keys = [one.pool for one in assignments_of(connection, annotator=annotator)]
    for key in keys:
        lock_assignment(connection, annotator, key)
    found: dict[int, Pool] = {}
    for key in sorted(keys):
        pool = pool_by_key(connection, key)
        if pool is not None and pool.most_paid is not None:
            pool = lock_pool(connection, key)
        if pool is not None:
            found[key] = pool
    return found


def _name(connection: Connection, project: int) -> str:
    found = project_by_key(connection, project)
    return "" if found is None else found.name
