"""Answers of annotators to tasks; none is ever overwritten or deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, exists, func, insert, or_, select, update

from driftwheel.store.schema.label_tables import IS_IN_FORCE, IS_JUDGED, annotators, answers, pools, tasks

__all__ = [
    "AnswerKind",
    "AnswerState",
    "StoredAnswer",
    "add_answer",
    "answer_by_id",
    "answer_in_force",
    "answers_excluded_by",
    "answers_of_task",
    "answers_since",
    "counted_answers",
    "exam_results",
    "golden_answers",
    "golden_results",
    "golden_said",
    "has_answers",
    "last_answer",
    "list_answers",
    "newest_work",
    "pools_to_watch",
    "set_answer",
    "surplus_answers",
]

AnswerKind = Literal["answer", "skip", "cannot_tell"]
AnswerState = Literal["counted", "surplus", "excluded", "undone"]
"""A surplus answer came after its lease had expired, and others had taken its place: it is kept, no more."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer; the columns are described in `driftwheel.store.schema.label_tables`."""

    key: int
    id: str
    task: int
    pool: int
    annotator: int
    body: bytes
    kind: AnswerKind
    payload: Mapping[str, Any] | None
    reason: str
    seconds: float | None
    leased: datetime
    received: datetime
    state: AnswerState
    excluded_by: int | None
    correct: bool | None
    paid: bool


def add_answer(connection: Connection, **values: Any) -> StoredAnswer:
    """Add an answer, its columns by name but the key, and return it.

    A second one of an annotator to a task, or under an id, raises SQLAlchemy's ``IntegrityError``.
    """
    return _answer(connection.execute(insert(answers).values(values).returning(*answers.c)).one())


def answer_by_id(connection: Connection, name: str) -> StoredAnswer | None:
    """Return the answer with a client's UUID, None where there is none."""
    return _first(connection, select(answers).where(answers.c.id == name))


def answer_in_force(connection: Connection, task: int, annotator: int) -> StoredAnswer | None:
    """Return what an annotator said of a task and did not undo, None where that is nothing."""
    query = select(answers).where(answers.c.task == task, answers.c.annotator == annotator, IS_IN_FORCE)
    return _first(connection, query)


def last_answer(connection: Connection, annotator: int) -> StoredAnswer | None:
    """Return the newest answer of an annotator, an undone one too; None where there is none."""
    query = select(answers).where(answers.c.annotator == annotator)
    return _first(connection, query.order_by(answers.c.key.desc()).limit(1))


def answers_of_task(connection: Connection, task: int) -> list[StoredAnswer]:
    """Return all answers to a task in the order they came, undone and excluded ones too."""
    query = select(answers).where(answers.c.task == task).order_by(answers.c.key)
    return [_answer(row) for row in connection.execute(query)]


def surplus_answers(connection: Connection, keys: Collection[int]) -> dict[int, list[StoredAnswer]]:
    """Return the surplus answers to these few tasks of who is not banned, in the order they came."""
    query = (
        select(answers)
        .join(annotators, annotators.c.key == answers.c.annotator)
        .where(answers.c.task.in_(sorted(keys)), answers.c.state == "surplus", answers.c.kind != "skip")
        .where(annotators.c.banned.is_(None))
    )
    found: dict[int, list[StoredAnswer]] = {}
    for row in connection.execute(query.order_by(answers.c.key)) if keys else ():
        found.setdefault(row.task, []).append(_answer(row))
    return found


def answers_since(connection: Connection, annotator: int, after: datetime, *, limit: int) -> int:
    """Return how many answers of an annotator came after a moment, at most `limit`."""
    newest = select(answers.c.received).where(answers.c.annotator == annotator)
    times = connection.execute(newest.order_by(answers.c.key.desc()).limit(limit)).scalars()
    return sum(one > after for one in times)


def counted_answers(connection: Connection, annotator: int) -> list[StoredAnswer]:
    """Return the counted answers of an annotator to real tasks, "cannot tell" too, in the order they came."""
    query = (
        select(answers)
        .join(tasks, tasks.c.key == answers.c.task)
        .where(
            answers.c.annotator == annotator,
            answers.c.state == "counted",
            answers.c.kind != "skip",
            tasks.c.kind == "real",
        )
    )
    return [_answer(row) for row in connection.execute(query.order_by(answers.c.key))]


def answers_excluded_by(connection: Connection, annotator: int, event: int) -> list[StoredAnswer]:
    """Return the answers of an annotator that an event excluded, in the order they came."""
    query = select(answers).where(answers.c.annotator == annotator, answers.c.excluded_by == event)
    return [_answer(row) for row in connection.execute(query.order_by(answers.c.key))]


def exam_results(connection: Connection, pool: int, annotator: int) -> tuple[int, int]:
    """Return how many tasks of a pool's exam an annotator answered right, and how many they had.

    One that was skipped, or of which they could not tell, is not right.
    """
    query = (
        select(func.count().filter(answers.c.correct), func.count())
        .join(tasks, tasks.c.key == answers.c.task)
        .where(answers.c.annotator == annotator, answers.c.pool == pool, answers.c.state != "undone")
        .where(tasks.c.kind == "exam")
    )
    correct, n = connection.execute(query).one()
    return correct, n


def golden_answers(
    connection: Connection, annotators: Collection[int], *, limit: int
) -> list[tuple[StoredAnswer, Mapping[str, Any]]]:
    """Return up to `limit` answers of each annotator to golden tasks, the newest first, with the truths."""
    found: list[tuple[StoredAnswer, Mapping[str, Any]]] = []
    for annotator in sorted(set(annotators)):
        query = (
            select(*answers.c, tasks.c.truth)
            .join(tasks, tasks.c.key == answers.c.task)
            .where(answers.c.annotator == annotator, IS_JUDGED, answers.c.kind == "answer")
            .where(answers.c.state == "counted", tasks.c.kind == "golden")
        )
        for row in connection.execute(query.order_by(answers.c.key.desc()).limit(limit)):
            plain = dict(row._mapping)
            truth = plain.pop("truth")
            found.append((StoredAnswer(**plain), truth))
    return found


def golden_results(
    connection: Connection, annotator: int, *, after: datetime | None = None, limit: int = 2000
) -> list[bool]:
    """Return whether each golden task that an annotator answered was right, in the order of time.

    Who cannot tell is not right: of a golden task somebody could. Of the newest `limit`; only those that came
    after a moment, where one is given.
    """
    query = (
        select(answers.c.correct)
        .join(tasks, tasks.c.key == answers.c.task)
        .where(answers.c.annotator == annotator, IS_JUDGED, answers.c.kind != "skip")
        .where(answers.c.state == "counted", tasks.c.kind == "golden")
    )
    if after is not None:
        query = query.where(answers.c.received > after)
    found = connection.execute(query.order_by(answers.c.key.desc()).limit(limit)).scalars()
    return [bool(one) for one in found][::-1]


def list_answers(
    connection: Connection, pool: int, *, after_key: int = 0, limit: int = 1000
) -> list[StoredAnswer]:
    """Return up to `limit` answers of a pool in the order they came, after the one with that key."""
    query = select(answers).where(answers.c.pool == pool, answers.c.key > after_key)
    return [_answer(row) for row in connection.execute(query.order_by(answers.c.key).limit(limit))]


def newest_work(
    connection: Connection,
    pool: int,
    *,
    annotator: int | None = None,
    without: int | None = None,
    limit: int,
) -> list[StoredAnswer]:
    """Return the newest answers at work in a pool, the newest first: none of training or exam, nor undone.

    Parameters
    ----------
    annotator, without
        Only those of one annotator, or of all others.
    """
    query = (
        select(answers)
        .join(tasks, tasks.c.key == answers.c.task)
        .where(answers.c.pool == pool, answers.c.state != "undone", tasks.c.kind.in_(("real", "golden")))
    )
    if annotator is not None:
        query = query.where(answers.c.annotator == annotator)
    if without is not None:
        query = query.where(answers.c.annotator != without)
    rows = connection.execute(query.order_by(answers.c.key.desc()).limit(limit))
    return [_answer(row) for row in rows]


def pools_to_watch(connection: Connection, new: int) -> list[int]:
    """Return pools with at least so many answers that were not looked at for copies; closed ones with any."""
    unseen = select(answers.c.key).where(
        answers.c.pool == pools.c.key, answers.c.key > func.coalesce(pools.c.watched, 0)
    )
    many = exists(unseen.order_by(answers.c.key).offset(new - 1).limit(1))
    query = select(pools.c.key).where(or_(many, (pools.c.state == "closed") & exists(unseen)))
    return list(connection.execute(query.order_by(pools.c.key)).scalars())


def golden_said(
    connection: Connection, annotator: int, *, after: datetime | None = None, limit: int
) -> list[tuple[Mapping[str, Any] | None, Mapping[str, Any]]]:
    """Return what an annotator said of golden tasks, and the truths, in the order of time.

    None is "cannot tell". Of the newest `limit`; only those that came after a moment, where one is given.
    """
    query = (
        select(answers.c.payload, tasks.c.truth)
        .join(tasks, tasks.c.key == answers.c.task)
        .where(answers.c.annotator == annotator, IS_JUDGED, answers.c.kind != "skip")
        .where(answers.c.state == "counted", tasks.c.kind == "golden")
    )
    if after is not None:
        query = query.where(answers.c.received > after)
    rows = connection.execute(query.order_by(answers.c.key.desc()).limit(limit))
    return [(payload, truth) for payload, truth in rows][::-1]


def has_answers(connection: Connection, pool: int) -> bool:
    """Return whether anybody has answered in a pool."""
    query = select(answers.c.key).where(answers.c.pool == pool).limit(1)
    return connection.execute(query).first() is not None


def set_answer(
    connection: Connection, key: int, state: AnswerState, *, paid: bool, excluded_by: int | None = None
) -> None:
    """Note what has become of an answer, whose task is locked."""
    changed = update(answers).where(answers.c.key == key)
    connection.execute(changed.values(state=state, paid=paid, excluded_by=excluded_by))


def _first(connection: Connection, query: Select[Any]) -> StoredAnswer | None:
    row = connection.execute(query).first()
    return None if row is None else _answer(row)


def _answer(row: Row[Any]) -> StoredAnswer:
    return StoredAnswer(**row._mapping)
