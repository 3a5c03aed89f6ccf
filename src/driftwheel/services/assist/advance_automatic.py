"""Go on with a run of automatic labelling: find the threshold, accept, audit, and take back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.agreement.audit import (
    AuditState,
    advance_audit,
    audit_from_json,
    audit_share,
    audit_to_json,
    stop_reason,
)
from driftwheel.agreement.automatic_acceptance import acceptance_threshold
from driftwheel.services.assist.kept_head import head_of
from driftwheel.services.assist.sure_tasks import SureTask, said_of, sure_tasks
from driftwheel.services.crash_points import reach
from driftwheel.services.label.consensus.label_progress import offer_again, tally
from driftwheel.services.label.projects.pool_rules import RULES
from driftwheel.services.label.webhooks.tell_webhooks import tell_of_tasks
from driftwheel.store.assist.assistants import assistant_by_key
from driftwheel.store.assist.automatic_runs import (
    AutomaticRun,
    AutomaticState,
    AutomaticTask,
    CheckedTask,
    accepted_tasks,
    add_automatic_tasks,
    checked_tasks,
    count_roles,
    run_by_key,
    set_correct,
    set_run,
)
from driftwheel.store.assist.task_embeddings import waiting_tasks
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.label_events import add_event
from driftwheel.store.labels.label_sources import drop_sources, put_sources, sources_of
from driftwheel.store.labels.pools import Pool, lock_pool, pool_by_key
from driftwheel.store.labels.projects import Project, project_by_key
from driftwheel.store.labels.tasks import Task, lock_tasks, save_task

__all__ = ["advance_automatic"]

_AT_ONCE = 500  # tasks in one transaction


def advance_automatic(engine: Engine, run: int, *, now: datetime) -> bool:
    """Do the next piece of work on a run, and return whether there is more to do before people answer.

    While the sample is being answered nothing is done: how it looks on the way decides nothing, so the bound
    holds as stated. Then the threshold is found; what the assistant is as sure of is accepted, 500 tasks at
    once, but for audits: 5 % of it, which people answer, too. When these show that more than the bound are
    wrong, all that was accepted goes back to people, as it does when somebody has asked for that.

    A task of the sample or the audit on which people do not agree, or of which they cannot tell, counts as
    wrong.
    """
    with reading(engine) as connection:
        found = run_by_key(connection, run)
        pool = None if found is None else pool_by_key(connection, found.pool)
        project = None if pool is None else project_by_key(connection, pool.project)
    if found is None or pool is None or project is None:
        return False
    steps: dict[AutomaticState, Callable[[Engine, Project, AutomaticRun, datetime], bool]] = {
        "sampling": _find_threshold,
        "accepting": _accept,
        "auditing": _audit,
        "stopping": _take_back,
        "undoing": _take_back,
    }
    step = steps.get(found.state)
    return False if step is None else step(engine, project, found, now)


def _find_threshold(engine: Engine, project: Project, run: AutomaticRun, now: datetime) -> bool:
    with reading(engine) as connection:
        sample = checked_tasks(connection, run.key, "sample")
        if any(one.state == "open" for one in sample):
            return False
        assistant = assistant_by_key(connection, run.assistant)
        head = None if assistant is None else head_of(assistant)
        if assistant is None or head is None:
            waiting: list[SureTask] = []
        else:
            waiting = list(sure_tasks(connection, project, assistant, head, run.pool, run.last_task))
    right = {one.task: _is_right(one) for one in sample}
    found = acceptance_threshold(
        [one.confidence for one in sample],
        [right[one.task] for one in sample],
        [one.confidence for one in waiting],
        bound=run.bound,
        risk=run.risk,
    )
    numbers = {
        "sample": len(sample),
        "sample_right": sum(right.values()),
        "known": found.n,
        "wrong": found.wrong,
        "upper": found.upper,
        "share": found.share,
        "waiting": len(waiting),
        "cursor": 0,
    }
    accepts = found.threshold is not None
    reason = found.reason if waiting else "Nothing waits any more: people have labelled it all."
    with writing(engine) as connection:
        still = run_by_key(connection, run.key, locked=True)
        if still is None or still.state != "sampling":
            return False
        set_correct(connection, run.key, right)
        set_run(
            connection,
            run.key,
            state="accepting" if accepts else "nothing",
            threshold=found.threshold,
            numbers=numbers,
            audit=audit_to_json(AuditState(run.bound, run.risk)) if accepts else None,
            reason=reason,
            ended=None if accepts else now,
        )
        if not accepts:
            _tell(connection, project, run, "automatic_nothing", reason, now)
    return accepts


def _accept(engine: Engine, project: Project, run: AutomaticRun, now: datetime) -> bool:
    """Accept what the assistant is sure enough of among the next tasks that wait."""
    after = int(run.numbers["cursor"])
    with reading(engine) as connection:
        assistant = assistant_by_key(connection, run.assistant)
        head = None if assistant is None else head_of(assistant)
        rows = (
            []
            if assistant is None
            else waiting_tasks(
                connection,
                project.key,
                project.model,
                assistant.space,
                run.pool,
                after_key=after,
                last_key=run.last_task,
                limit=_AT_ONCE,
            )
        )
    said = [] if head is None else said_of(head, rows)
    sure = {one.task: one for one in said if run.threshold is not None and one.confidence >= run.threshold}
    share = audit_share(audit_from_json(run.audit or {}))
    audits = {key for key in sure if _draw(run.key, key) < share}
    with writing(engine) as connection:
        still = run_by_key(connection, run.key, locked=True)
        pool = _locked_pool(connection, run.pool)
        if still is None or still.state != "accepting" or still.numbers != run.numbers or pool is None:
            return still is not None and still.state == "accepting"
        taken: list[AutomaticTask] = []
        labelled: list[Task] = []
        for task in lock_tasks(connection, sure):
            if task.state != "open" or task.answers or task.leases or task.skips:
                continue
            one = sure[task.key]
            role = "audit" if task.key in audits else "accepted"
            taken.append(AutomaticTask(task.key, role, one.payload, one.confidence))  # type: ignore[arg-type]
            if role == "accepted":
                labelled.append(save_task(connection, _labelled(task, one, now)))
        tell_of_tasks(connection, project.key, "task.completed", labelled, now)
        add_automatic_tasks(connection, run.key, taken)
        accepted = [one.task for one in taken if one.role == "accepted"]
        put_sources(connection, run.pool, accepted, "automatic", now, f"run {run.key}")
        reach("automatic-accepted")
        if rows:
            numbers = {**run.numbers, "cursor": rows[-1].key}
            set_run(connection, run.key, numbers=numbers)
        else:
            roles = count_roles(connection, run.key)
            n = roles.get("accepted", 0)
            reason = (
                f"{n:,} labels were accepted; {roles.get('audit', 0):,} more that are as sure are answered "
                f"by people, to see that at most {run.bound:.2%} are wrong."
            )
            numbers = {**run.numbers, "accepted": n, "audits": roles.get("audit", 0)}
            set_run(connection, run.key, state="auditing", numbers=numbers, reason=reason)
            _tell(connection, project, run, "automatic_accepted", reason, now, accepted=n)
        tally(connection, pool, now, done=len(accepted))
    return True


def _audit(engine: Engine, project: Project, run: AutomaticRun, now: datetime) -> bool:
    """Look at audits that people have answered since, in the order they were finished."""
    with writing(engine) as connection:
        still = run_by_key(connection, run.key, locked=True)
        if still is None or still.state != "auditing":
            return False
        audits = checked_tasks(connection, run.key, "audit")
        new = [one for one in audits if one.state != "open" and one.correct is None]
        waits = any(one.state == "open" for one in audits)
        if not new and waits:
            return False
        right = {one.task: _is_right(one) for one in new}
        state = advance_audit(audit_from_json(still.audit or {}), [not right[one.task] for one in new])
        set_correct(connection, run.key, right)
        values: dict[str, object] = {"audit": audit_to_json(state)}
        stopped = stop_reason(state)
        if stopped is not None:
            values |= {"state": "stopping", "reason": f"{stopped} All that was accepted goes back to people."}
        elif not waits:
            reason = f"{state.wrong:,} of {state.n:,} audited labels were wrong; the others stay."
            values |= {"state": "finished", "reason": reason, "ended": now}
        set_run(connection, run.key, **values)
        if "reason" in values:
            kind = "automatic_stopped" if stopped is not None else "automatic_finished"
            _tell(connection, project, run, kind, str(values["reason"]), now, n=state.n, wrong=state.wrong)
    return stopped is not None


def _take_back(engine: Engine, project: Project, run: AutomaticRun, now: datetime) -> bool:
    """Give the next accepted tasks back to people; those that somebody has changed since stay."""
    after = int(run.numbers.get("back", 0))
    with writing(engine) as connection:
        still = run_by_key(connection, run.key, locked=True)
        pool = _locked_pool(connection, run.pool)
        if still is None or still.state != run.state or still.numbers != run.numbers or pool is None:
            return still is not None and still.state == run.state
        rows = accepted_tasks(connection, run.key, after_key=after, limit=_AT_ONCE)
        if not rows:
            ended = "stopped" if run.state == "stopping" else "undone"
            set_run(connection, run.key, state=ended, ended=now)
            if ended == "undone":
                n = run.numbers.get("taken_back", 0)
                reason = f"{n:,} labels that were accepted automatically went back to people."
                set_run(connection, run.key, reason=reason)
                _tell(connection, project, run, "automatic_undone", reason, now, taken_back=n)
            return False
        said = {one.task: one for one in rows}
        marked = sources_of(connection, said)
        back: list[Task] = []
        for number, task in enumerate(lock_tasks(connection, said)):
            untouched = task.state == "done" and task.answers == 0 and task.reviewed is None
            if not untouched or marked.get(task.key) != "automatic":
                continue
            back.append(offer_again(connection, task.reopened(), now, number))
        tell_of_tasks(connection, project.key, "task.reopened", back, now)
        drop_sources(connection, [one.key for one in back])
        taken = int(run.numbers.get("taken_back", 0)) + len(back)
        set_run(connection, run.key, numbers={**run.numbers, "back": rows[-1].task, "taken_back": taken})
        tally(connection, pool, now, done=-len(back))
    return True


def _labelled(task: Task, said: SureTask, now: datetime) -> Task:
    return replace(task, state="done", consensus=said.payload, confidence=said.confidence, finished=now)


def _is_right(one: CheckedTask) -> bool:
    """Return whether people found what the assistant had said."""
    by_people = one.answers > 0 or one.reviewed is not None
    return one.state == "done" and by_people and one.consensus == one.payload


def _draw(run: int, task: int) -> float:
    """Return a number in [0, 1) that a run draws of a task, always the same: work done twice draws once."""
    digest = hashlib.sha256(f"audit {run} {task}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2.0**56


def _locked_pool(connection: Connection, key: int) -> Pool | None:
    pool = pool_by_key(connection, key)
    return lock_pool(connection, key) if pool is not None and pool.most_paid is not None else pool


def _tell(  # noqa: PLR0917
    connection: Connection,
    project: Project,
    run: AutomaticRun,
    kind: str,
    reason: str,
    now: datetime,
    **numbers: int,
) -> None:
    told = {"run": run.key, "bound": run.bound, "risk": run.risk, **numbers}
    add_event(connection, project.key, kind, reason, time=now, by=RULES, pool=run.pool, numbers=told)
