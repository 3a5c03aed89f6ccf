"""Tasks with labels, without the people who made them, for tests."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection
from tests.store.rows import NOON, digest

from driftwheel.store.labels.label_sources import put_sources
from driftwheel.store.labels.pools import create_pool
from driftwheel.store.labels.projects import AnswerType, LabelClass, create_project
from driftwheel.store.labels.task_selections import TaskSelection, put_selections
from driftwheel.store.labels.tasks import NewTask, add_tasks, list_tasks, save_task

__all__ = ["label_task", "new_pool"]

_NUMBERS = itertools.count(1)


def new_pool(connection: Connection, model: int, *, answer: AnswerType = "class") -> int:
    """Return the key of a pool of a project of its own."""
    project = create_project(
        connection,
        f"project {next(_NUMBERS)}",
        model=model,
        answer=answer,
        classes=[LabelClass("cat", "c", "#000000"), LabelClass("dog", "d", "#ffffff")],
        instructions="",
        created=NOON,
        by="lead",
    )
    return create_pool(
        connection,
        project.key,
        "first",
        overlap=1,
        most_overlap=1,
        confidence=0.9,
        golden_share=0.0,
        exam_pass=0.0,
        lease_seconds=600,
        price=0,
        most_paid=None,
        requires={},
        created=NOON,
        by="lead",
    ).key


def label_task(
    connection: Connection,
    pool: int,
    record: str,
    label: str | Mapping[str, object] | None,
    *,
    at: datetime = NOON,
    source: str = "consensus",
    selection: TaskSelection | None = None,
) -> int:
    """Add a task of a record, labelled where `label` says as what, and return its key."""
    there = {one.record: one for one in list_tasks(connection, pool, limit=10_000)}
    if record not in there:
        image = digest(record)
        add_tasks(connection, pool, [NewTask("real", len(there) + 1, record, image, None, None, "", 1)])
        there = {one.record: one for one in list_tasks(connection, pool, limit=10_000)}
    task = there[record]
    if selection is not None:
        put_selections(connection, pool, {record: selection})
    if label is not None:
        save_task(
            connection,
            replace(
                task,
                state="done",
                answers=1 if source == "consensus" else 0,
                reviewed=1 if source == "review" else None,
                consensus={"class": label} if isinstance(label, str) else dict(label),
                finished=at,
            ),
        )
    if source in {"import", "automatic"}:
        put_sources(connection, pool, [task.key], source, at, "lead")  # type: ignore[arg-type]
    return task.key
