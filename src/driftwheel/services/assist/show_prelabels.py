"""What an annotator is shown with tasks: what the assistant, a file or the model says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.assist.due_assistance import can_assist
from driftwheel.services.assist.kept_head import head_of
from driftwheel.services.assist.sure_tasks import said_of
from driftwheel.services.label.consensus.answer_payload import checked_payload
from driftwheel.services.label.work.next_tasks import GivenTask
from driftwheel.store.assist.assist_options import AssistOptions, assist_options
from driftwheel.store.assist.assistants import assistance_of, newest_assistant
from driftwheel.store.assist.automatic_runs import AutomaticRun, hidden_tasks, standing_run
from driftwheel.store.assist.prelabels import (
    Prelabel,
    PrelabelFrom,
    ShownPrelabel,
    given_prelabels,
    has_prelabels,
    lacks_special,
    put_shown,
    shown_to,
)
from driftwheel.store.assist.task_embeddings import embedded_tasks
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.pools import pool_by_key
from driftwheel.store.labels.projects import Project, project_by_key
from driftwheel.store.records.record_predictions import predictions_of_tasks

__all__ = ["LEAST_SCORE", "predict_tasks", "show_prelabels"]

LEAST_SCORE = 0.5
"""Boxes of the monitored model below it are left out of pre-labels."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is to show of tasks, and whence."""

    prelabels: Mapping[int, Prelabel]
    source: PrelabelFrom


def show_prelabels(
    engine: Engine, tasks: Sequence[GivenTask], *, rng: np.random.Generator
) -> dict[int, Prelabel]:
    """Return what to show with tasks that were given to an annotator, by their leases; keep what is shown.

    The same comes again with a lease for as long as it lasts. It is what a file said of the task, else what
    the assistant says, else, where the pool wants it, what the monitored model had logged; of golden,
    training and exam tasks as of all others, and never their truth. Nothing is shown of a share of tasks
    drawn at random, of none while a random sample is labelled that automatic labelling rests on, and of none
    that the assistant is as sure of as of those that were accepted: among what is left for people, golden
    tasks alone would be so.

    Parameters
    ----------
    rng
        Decides which tasks show nothing.
    """
    if not tasks:
        return {}
    with reading(engine) as connection:
        known = shown_to(connection, [one.lease for one in tasks])
        new = [one for one in tasks if one.lease not in known]
        made = [
            shown
            for pool in sorted({one.pool for one in new})
            for shown in _of_pool(connection, pool, [one for one in new if one.pool == pool], rng)
        ]
    if made:
        with writing(engine) as connection:
            put_shown(connection, made)
            known = shown_to(connection, [one.lease for one in tasks])  # another request may have been first
    return {
        lease: Prelabel(one.payload, one.confidence)
        for lease, one in known.items()
        if one.shown and one.payload is not None
    }


def predict_tasks(connection: Connection, project: Project, tasks: Sequence[int]) -> dict[int, Prelabel]:
    """Return what the newest assistant of a project says of these few tasks; nothing without one.

    A task whose image has no embedding is left out.
    """
    assistant = newest_assistant(connection, project.key)
    head = None if assistant is None else head_of(assistant)
    if assistant is None or head is None or not assistance_of(connection, project.key).enabled:
        return {}
    found = embedded_tasks(connection, project.key, project.model, assistant.space, tasks)
    return {
        one.task: Prelabel(one.payload, round(one.confidence, 6))
        for one in said_of(head, list(found.values()))
    }


def _of_pool(
    connection: Connection, pool: int, tasks: Sequence[GivenTask], rng: np.random.Generator
) -> list[ShownPrelabel]:
    """Return what to show with tasks of one pool; nothing at all where none of its tasks shows anything."""
    options = assist_options(connection, pool)
    found = None if options.prelabels == "off" else _found(connection, pool, options, tasks)
    if found is None:
        return []
    run = standing_run(connection, pool)
    keys = [one.task for one in tasks]
    checks = set() if run is None else hidden_tasks(connection, run.key, keys)
    made: list[ShownPrelabel] = []
    for one, draw in zip(tasks, rng.random(len(tasks)), strict=True):
        said = found.prelabels.get(one.task)
        if said is None:
            made.append(ShownPrelabel(one.lease, pool, None, 0.0, "none", shown=False))
            continue
        if one.task in checks or _kept_back(run, said, found.source):
            made.append(ShownPrelabel(one.lease, pool, said.payload, said.confidence, "held", shown=False))
            continue
        shown = bool(draw >= options.hidden_share)
        made.append(ShownPrelabel(one.lease, pool, said.payload, said.confidence, found.source, shown=shown))
    return made


def _kept_back(run: AutomaticRun | None, said: Prelabel, source: PrelabelFrom) -> bool:
    if run is None:
        return False
    if run.state == "sampling":
        return True
    return source == "assistant" and run.threshold is not None and said.confidence >= run.threshold


def _found(
    connection: Connection, pool: int, options: AssistOptions, tasks: Sequence[GivenTask]
) -> _Found | None:
    """Return what there is to show of a pool; None where there is nothing of any of its tasks."""
    whole = pool_by_key(connection, pool)
    project = None if whole is None else project_by_key(connection, whole.project)
    if project is None:
        return None
    keys = [one.task for one in tasks]
    if has_prelabels(connection, pool) and not lacks_special(connection, pool):
        return _Found(given_prelabels(connection, keys), "import")
    if can_assist(project) and assistance_of(connection, project.key).enabled:
        assistant = newest_assistant(connection, project.key)
        if assistant is not None and assistant.head is not None:
            return _Found(predict_tasks(connection, project, keys), "assistant")
    if options.prelabels == "model":
        return _Found(_of_model(connection, project, keys), "model")
    return None


def _of_model(connection: Connection, project: Project, keys: Sequence[int]) -> dict[int, Prelabel]:
    """Return what the monitored model logged of tasks, as far as the project can say it."""
    found: dict[int, Prelabel] = {}
    for task, said in predictions_of_tasks(connection, project.model, keys).items():
        one = _payload(project, said)
        if one is not None:
            found[task] = one
    return found


def _payload(project: Project, said: Mapping[str, Any]) -> Prelabel | None:
    try:
        if project.answer == "boxes" and "boxes" in said:
            boxes = [one for one in said["boxes"] if one.get("score", 1.0) >= LEAST_SCORE]
            plain = [{name: one[name] for name in ("class", "x", "y", "w", "h")} for one in boxes]
            payload = checked_payload(project, {"boxes": plain})
            return Prelabel(payload, min((one.get("score", 1.0) for one in boxes), default=1.0))
        if project.answer == "class" and "class" in said:
            payload = checked_payload(project, {"class": said["class"]})
            return Prelabel(payload, float(said.get("scores", {}).get(said["class"], 0.0)))
    except UsageError:  # a class that the project does not have
        return None
    return None
