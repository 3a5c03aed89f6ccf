"""How far an annotator has come in a stage of a pool, and how they did on golden tasks a while ago."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection, func, select

from driftwheel.store.schema.label_tables import IS_SPECIAL, answers, tasks

__all__ = ["count_stage", "early_golden"]


def count_stage(
    connection: Connection, pool: int, annotator: int, kind: Literal["training", "exam"]
) -> tuple[int, int]:
    """Return how many tasks of the training or the exam a pool has, and how many an annotator has done.

    One of the exam that was skipped is done, too.
    """
    there = select(func.count()).where(tasks.c.pool == pool, tasks.c.kind == kind, IS_SPECIAL)
    done = (
        select(func.count())
        .select_from(answers.join(tasks, tasks.c.key == answers.c.task))
        .where(answers.c.annotator == annotator, answers.c.pool == pool, answers.c.state != "undone")
        .where(tasks.c.kind == kind)
    )
    return int(connection.scalar(there) or 0), int(connection.scalar(done) or 0)


def early_golden(connection: Connection, pool: int, annotator: int, n: int) -> tuple[int, int]:
    """Return how many golden tasks are among the first `n` answers that count, and how many are right."""
    first = (
        select(tasks.c.kind, answers.c.correct)
        .select_from(answers.join(tasks, tasks.c.key == answers.c.task))
        .where(answers.c.annotator == annotator, answers.c.pool == pool)
        .where(answers.c.state == "counted", answers.c.kind != "skip")
        .where(tasks.c.kind.in_(("real", "golden")))
        .order_by(answers.c.key)
        .limit(n)
        .subquery()
    )
    query = select(func.count(), func.count().filter(first.c.correct)).where(
        first.c.kind == "golden", first.c.correct.is_not(None)
    )
    golden, correct = connection.execute(query).one()
    return int(golden), int(correct)
