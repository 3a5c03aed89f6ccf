"""The newest answers of pools or of an annotator, beside what is known of their tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from driftwheel.store.labels.task_answers import AnswerKind, AnswerState
from driftwheel.store.labels.tasks import TaskKind, TaskState
from driftwheel.store.schema.label_tables import answers, tasks

__all__ = ["SampledAnswer", "newest_answers", "newest_answers_of"]

_COLUMNS = (
    answers.c.key,
    answers.c.task,
    answers.c.annotator,
    answers.c.kind,
    answers.c.payload,
    answers.c.seconds,
    answers.c.received,
    answers.c.state,
    answers.c.correct,
    tasks.c.pool,
    tasks.c.kind.label("task_kind"),
    tasks.c.state.label("task_state"),
    tasks.c.answers.label("n_answers"),
    tasks.c.truth,
    tasks.c.consensus,
)


@dataclass(frozen=True, slots=True)
class SampledAnswer:
    """An answer and its task; the columns are described in `driftwheel.store.schema.label_tables`.

    Attributes
    ----------
    task_kind, task_state
        Of the task.
    n_answers
        Counted answers to the task.
    """

    key: int
    task: int
    annotator: int
    kind: AnswerKind
    payload: Mapping[str, Any] | None
    seconds: float | None
    received: datetime
    state: AnswerState
    correct: bool | None
    pool: int
    task_kind: TaskKind
    task_state: TaskState
    n_answers: int
    truth: Mapping[str, Any] | None
    consensus: Mapping[str, Any] | None


def newest_answers(connection: Connection, pools: Collection[int], *, limit: int) -> list[SampledAnswer]:
    """Return the newest `limit` answers and skips of these pools together, the newest first.

    Undone ones are left out.
    """
    found: list[SampledAnswer] = []
    for pool in sorted(pools):
        found += _newest(connection, answers.c.pool == pool, limit)
    return sorted(found, key=lambda one: -one.key)[:limit]


def newest_answers_of(connection: Connection, annotator: int, *, limit: int) -> list[SampledAnswer]:
    """Return the newest `limit` answers and skips of an annotator, the newest first; undone ones left out."""
    return _newest(connection, answers.c.annotator == annotator, limit)


def _newest(connection: Connection, whose: ColumnElement[bool], limit: int) -> list[SampledAnswer]:
    newest = (
        select(answers.c.key)
        .where(whose, answers.c.state != "undone")
        .order_by(answers.c.key.desc())
        .limit(limit)
        .subquery()
    )
    query = (
        select(*_COLUMNS)
        .join(newest, newest.c.key == answers.c.key)
        .join(tasks, tasks.c.key == answers.c.task)
        .order_by(answers.c.key.desc())
    )
    return [SampledAnswer(**row._mapping) for row in connection.execute(query)]
