"""Begin to label the rest of a pool automatically: draw the random sample that people answer first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, Engine

from driftwheel.agreement.automatic_acceptance import least_known
from driftwheel.errors import UsageError
from driftwheel.services.assist.due_assistance import can_assist
from driftwheel.services.assist.kept_head import Head, head_of
from driftwheel.services.assist.sure_tasks import SureTask, said_of
from driftwheel.services.label.consensus.label_progress import offer_again
from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.store.assist.assistants import Assistant, assistance_of, newest_assistant, set_assistance
from driftwheel.store.assist.automatic_runs import (
    AutomaticRun,
    AutomaticTask,
    active_run,
    add_automatic_tasks,
    add_run,
    run_by_key,
    set_run,
)
from driftwheel.store.assist.task_embeddings import embedded_tasks, waiting_keys
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.label_events import add_event
from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.tasks import lock_tasks
from driftwheel.store.operate.audit import note

__all__ = ["LEAST", "begin_automatic", "sample_for"]

LEAST = 0.001
"""Of a bound or a risk: less takes more answers than anybody gives."""

_LEAST, _MOST = 3.0, 4.0  # times the fewest answers that could show the bound: room for some errors
_AT_ONCE = 500
_OF_WAITING = 0.2  # beyond the least, no larger share of the tasks that wait


def sample_for(bound: float, risk: float, waiting: int) -> int:
    """Return how many tasks are drawn unless another number is asked for.

    More find a threshold more often, and a lower one: 3 times the fewest answers that could show the bound,
    up to 4 times where a fifth of the tasks that wait are so many.

    Examples
    --------
    >>> sample_for(0.02, 0.05, 1000), sample_for(0.02, 0.05, 10_000), sample_for(0.05, 0.05, 1000)
    (447, 596, 200)
    """
    fewest = least_known(bound, risk)
    return math.ceil(min(_MOST * fewest, max(_LEAST * fewest, _OF_WAITING * waiting)))


def begin_automatic(
    engine: Engine,
    project: int,
    pool: int,
    *,
    bound: float = 0.02,
    risk: float = 0.05,
    sample: int | None = None,
    by: str,
    now: datetime,
    rng: np.random.Generator,
) -> AutomaticRun:
    """Have the rest of a pool labelled automatically, with at most `bound` of it wrong; return the run.

    A random sample of the tasks that wait is answered by people first, without pre-labels. From what they
    say a worker finds how sure the assistant must be for the bound to hold with a certainty of 1 − `risk`,
    accepts what it is as sure of, and leaves the rest to people (`advance_automatic`). The assistant stays
    as it is now until then. Noted in the audit and as an event.

    Parameters
    ----------
    bound
        The share of wrong labels among the accepted that is promised, from 0.001 to below 0.5.
    risk
        The chance that the promise is broken, likewise.
    sample
        Tasks to draw; None: as `sample_for` says.
    rng
        Draws them.

    Raises
    ------
    LookupError
        When there is no such pool.
    UsageError
        When there is no assistant yet, a run goes on, the pool is not open, too few tasks wait, or a number
        cannot be used.
    """
    if min(bound, risk) < LEAST:
        raise UsageError(f"A bound of {bound:g} with a risk of {risk:g}; give {LEAST:g} at the least.")
    fewest = least_known(bound, risk)
    with reading(engine) as connection:
        found, whole = pool_of_project(connection, project, pool)
        assistant, head = _assistant(connection, found)
        if whole.state != "open":
            raise UsageError(f"The pool '{whole.name}' is not open: nobody could answer the sample.")
        if active_run(connection, pool) is not None:
            raise UsageError(f"The pool '{whole.name}' is being labelled automatically already.")
        waiting = waiting_keys(connection, pool)
    size = sample_for(bound, risk, len(waiting)) if sample is None else sample
    if size < fewest:
        raise UsageError(
            f"A sample of {size:,} cannot show that at most {bound:.2%} are wrong; it takes {fewest:,} right "
            "answers at least. Give a larger sample, or another bound."
        )
    if len(waiting) <= fewest:
        raise UsageError(
            f"{len(waiting):,} tasks of the pool '{whole.name}' wait, and to show that at most {bound:.2%} "
            f"are wrong takes {fewest:,} answers of people: let people label them all, or give another bound."
        )
    with reading(engine) as connection:
        order = [waiting[row] for row in rng.permutation(len(waiting))]
        drawn = _draw(connection, found, assistant, head, order, size)
    return _keep(engine, found, whole, assistant, drawn, waiting, bound, risk, by, now)


def _assistant(connection: Connection, project: Project) -> tuple[Assistant, Head]:
    if not assistance_of(connection, project.key).enabled:
        raise UsageError(
            f"The assistant of the project '{project.name}' is switched off; switch it on first."
        )
    assistant = newest_assistant(connection, project.key) if can_assist(project) else None
    head = None if assistant is None else head_of(assistant)
    if assistant is None or head is None:
        what = (
            "has no assistant yet; it takes about 30 labels"
            if can_assist(project)
            else "asks for boxes; only classes are labelled automatically"
        )
        raise UsageError(f"The project '{project.name}' {what}.")
    return assistant, head


def _draw(  # noqa: PLR0917
    connection: Connection,
    project: Project,
    assistant: Assistant,
    head: Head,
    order: Sequence[int],
    size: int,
) -> dict[int, SureTask]:
    """Return what the assistant says of the first tasks that have an embedding; of no more it is read."""
    drawn: dict[int, SureTask] = {}
    for begin in range(0, len(order), _AT_ONCE):
        part = order[begin : begin + _AT_ONCE]
        found = embedded_tasks(connection, project.key, project.model, assistant.space, part)
        said = {one.task: one for one in said_of(head, list(found.values()))}
        drawn |= {key: said[key] for key in part if key in said}
        if len(drawn) >= size:
            break
    return dict(list(drawn.items())[:size])


def _keep(  # noqa: PLR0917
    engine: Engine,
    project: Project,
    pool: Pool,
    assistant: Assistant,
    drawn: dict[int, SureTask],
    waiting: list[int],
    bound: float,
    risk: float,
    by: str,
    now: datetime,
) -> AutomaticRun:
    with writing(engine) as connection:
        state = assistance_of(connection, project.key)
        set_assistance(connection, project.key, enabled=state.enabled)  # who begins another run waits here
        if active_run(connection, pool.key) is not None:
            raise UsageError(f"The pool '{pool.name}' is being labelled automatically already.")
        run = add_run(
            connection,
            pool=pool.key,
            assistant=assistant.key,
            state="sampling",
            bound=bound,
            risk=risk,
            last_task=max(waiting),
            waiting=len(waiting),
            threshold=None,
            numbers={},
            audit=None,
            reason="",
            begun=now,
            by=by,
            ended=None,
        )
        taken = []
        for number, task in enumerate(lock_tasks(connection, drawn)):
            if task.state == "open" and task.answers == task.leases == task.skips == 0:
                taken.append(drawn[task.key])
                offer_again(connection, task, now, number)
        sample = [AutomaticTask(one.task, "sample", one.payload, one.confidence) for one in taken]
        add_automatic_tasks(connection, run.key, sample)
        reason = f"People answer {len(sample):,} of {len(waiting):,} waiting tasks, drawn at random."
        set_run(connection, run.key, reason=reason)
        numbers = {"run": run.key, "bound": bound, "risk": risk, "sample": len(sample)}
        add_event(
            connection,
            project.key,
            "automatic_begun",
            reason,
            time=now,
            by=by,
            pool=pool.key,
            numbers=numbers,
        )
        details = {"pool": pool.name, "bound": bound, "risk": risk, "sample": len(sample)}
        note(connection, now, by, "label-automatically", f"project {project.name}", details)
        return run_by_key(connection, run.key) or run
