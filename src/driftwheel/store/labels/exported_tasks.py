"""All tasks of pools with what was said of them, one after the other, however many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from driftwheel.store.schema.assist_tables import label_sources
from driftwheel.store.schema.label_tables import annotators, answers, tasks

__all__ = ["ExportedTask", "SaidAnswer", "answers_said", "exported_tasks"]

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class ExportedTask:
    """A task and its label; the columns are described in `driftwheel.store.schema.label_tables`.

    Attributes
    ----------
    source
        ``automatic`` or ``import`` where the label did not come of answers.
    """

    key: int
    record: str
    image: bytes
    width: int | None
    height: int | None
    kind: str
    state: str
    answers: int
    truth: Mapping[str, Any] | None
    consensus: Mapping[str, Any] | None
    confidence: float | None
    finished: datetime | None
    reviewed: int | None
    source: str | None


@dataclass(frozen=True, slots=True)
class SaidAnswer:
    """An answer that counts."""

    task: int
    by: str
    payload: Mapping[str, Any]
    seconds: float | None
    received: datetime


def exported_tasks(connection: Connection, pools: Collection[int]) -> Iterator[ExportedTask]:
    """Yield the tasks of pools, those of one record after each other; only some of them are in memory."""
    query = (
        select(
            tasks.c.key,
            tasks.c.record,
            tasks.c.image,
            tasks.c.width,
            tasks.c.height,
            tasks.c.kind,
            tasks.c.state,
            tasks.c.answers,
            tasks.c.truth,
            tasks.c.consensus,
            tasks.c.confidence,
            tasks.c.finished,
            tasks.c.reviewed,
            label_sources.c.source,
        )
        .outerjoin(label_sources, label_sources.c.task == tasks.c.key)
        .where(tasks.c.pool.in_(sorted(pools)))
        .order_by(tasks.c.record, tasks.c.key)
    )
    for row in connection.execute(query, execution_options={"yield_per": _PAGE}):
        yield ExportedTask(**row._mapping)


def answers_said(connection: Connection, keys: Collection[int]) -> list[SaidAnswer]:
    """Return the answers to these few tasks that count and say something, in the order they came."""
    query = (
        select(
            answers.c.task,
            annotators.c.name.label("by"),
            answers.c.payload,
            answers.c.seconds,
            answers.c.received,
        )
        .join(annotators, annotators.c.key == answers.c.annotator)
        .where(answers.c.task.in_(sorted(keys)), answers.c.state == "counted", answers.c.kind == "answer")
        .order_by(answers.c.key)
    )
    return [SaidAnswer(**row._mapping) for row in connection.execute(query)]
