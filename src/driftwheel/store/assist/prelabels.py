"""Pre-labels: those that files brought, and those that annotators were shown, or not shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, exists, select

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.assist_tables import prelabels, shown_prelabels
from driftwheel.store.schema.label_tables import IS_SPECIAL, answers, leases, tasks

__all__ = [
    "Answered",
    "Prelabel",
    "PrelabelFrom",
    "ShownPrelabel",
    "answered_prelabels",
    "drop_prelabels",
    "given_prelabels",
    "has_prelabels",
    "lacks_special",
    "put_prelabels",
    "put_shown",
    "seen_prelabels",
    "shown_to",
]

_CHUNK = 500

PrelabelFrom = Literal["assistant", "model", "import", "held", "none"]


@dataclass(frozen=True, slots=True)
class Prelabel:
    """What something that is no person says of a task.

    Attributes
    ----------
    payload
        As that of an answer.
    confidence
        Chance that it is right, 0…1.
    """

    payload: Mapping[str, Any]
    confidence: float


@dataclass(frozen=True, slots=True)
class ShownPrelabel:
    """What came with a lease.

    Attributes
    ----------
    payload
        None where there was nothing to show.
    source
        ``held``: not shown, and not by chance.
    """

    lease: int
    pool: int
    payload: Mapping[str, Any] | None
    confidence: float
    source: PrelabelFrom
    shown: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """A pre-label, whether it was shown, what the annotator answered, and what the task came to be.

    `consensus` is None while the task is open, and for tasks that are not real.
    """

    task: int
    prelabel: Mapping[str, Any]
    confidence: float
    source: PrelabelFrom
    shown: bool
    answer: Mapping[str, Any]
    truth: Mapping[str, Any] | None
    consensus: Mapping[str, Any] | None


def put_prelabels(
    connection: Connection, pool: int, new: Mapping[int, Prelabel], *, time: datetime, by: str
) -> None:
    """Keep pre-labels of tasks by their keys, in the place of earlier ones."""
    rows = [
        {
            "task": task,
            "pool": pool,
            "payload": dict(one.payload),
            "confidence": one.confidence,
            "time": time,
            "by": by,
        }
        for task, one in sorted(new.items())
    ]
    for begin in range(0, len(rows), _CHUNK):
        statement = upsert(connection.dialect.name, prelabels)
        changed = {name: statement.excluded[name] for name in ("payload", "confidence", "time", "by")}
        statement = statement.on_conflict_do_update(index_elements=["task"], set_=changed)
        connection.execute(statement, rows[begin : begin + _CHUNK])


def drop_prelabels(connection: Connection, keys: Sequence[int]) -> None:
    """Forget the pre-labels that files brought of tasks."""
    for begin in range(0, len(keys), _CHUNK):
        part = list(keys[begin : begin + _CHUNK])
        connection.execute(delete(prelabels).where(prelabels.c.task.in_(part)))


def given_prelabels(connection: Connection, keys: Collection[int]) -> dict[int, Prelabel]:
    """Return the pre-labels that files brought of these few tasks."""
    columns = (prelabels.c.task, prelabels.c.payload, prelabels.c.confidence)
    rows = connection.execute(select(*columns).where(prelabels.c.task.in_(sorted(keys))))
    return {task: Prelabel(payload, confidence) for task, payload, confidence in rows}


def has_prelabels(connection: Connection, pool: int) -> bool:
    """Return whether a file brought any of a pool."""
    return (
        connection.execute(select(prelabels.c.task).where(prelabels.c.pool == pool).limit(1)).first()
        is not None
    )


def lacks_special(connection: Connection, pool: int) -> bool:
    """Return whether a golden or exam task of a pool has no pre-label of a file: it would stand out."""
    there = exists().where(prelabels.c.task == tasks.c.key)
    query = select(tasks.c.key).where(
        tasks.c.pool == pool, IS_SPECIAL, tasks.c.kind.in_(("golden", "exam")), ~there
    )
    return connection.execute(query.limit(1)).first() is not None


def shown_to(connection: Connection, keys: Collection[int]) -> dict[int, ShownPrelabel]:
    """Return what came with these few leases."""
    rows = connection.execute(select(shown_prelabels).where(shown_prelabels.c.lease.in_(sorted(keys))))
    return {row.lease: ShownPrelabel(**row._mapping) for row in rows}


def put_shown(connection: Connection, new: Sequence[ShownPrelabel]) -> None:
    """Keep what comes with leases; what was kept of one before stays."""
    if not new:
        return
    names = ShownPrelabel.__dataclass_fields__
    rows = [{name: getattr(one, name) for name in names} for one in new]
    connection.execute(upsert(connection.dialect.name, shown_prelabels).on_conflict_do_nothing(), rows)


def seen_prelabels(connection: Connection, pool: int, *, limit: int) -> set[tuple[int, int]]:
    """Return task and annotator of the newest leases of a pool that came with a pre-label to be seen."""
    query = (
        select(leases.c.task, leases.c.annotator)
        .join(shown_prelabels, shown_prelabels.c.lease == leases.c.key)
        .where(shown_prelabels.c.pool == pool, shown_prelabels.c.shown)
    )
    rows = connection.execute(query.order_by(shown_prelabels.c.lease.desc()).limit(limit))
    return {(row.task, row.annotator) for row in rows}


def answered_prelabels(connection: Connection, pools: Collection[int], *, limit: int) -> list[Answered]:
    """Return the newest pre-labels of pools whose task their annotator has answered, the newest first."""
    query = (
        select(
            tasks.c.key,
            shown_prelabels.c.payload,
            shown_prelabels.c.confidence,
            shown_prelabels.c.source,
            shown_prelabels.c.shown,
            answers.c.payload.label("said"),
            tasks.c.truth,
            tasks.c.consensus,
            tasks.c.state,
            tasks.c.kind,
        )
        .join(leases, leases.c.key == shown_prelabels.c.lease)
        .join(
            answers,
            (answers.c.task == leases.c.task)
            & (answers.c.annotator == leases.c.annotator)
            & (answers.c.state == "counted")
            & (answers.c.kind == "answer"),
        )
        .join(tasks, tasks.c.key == leases.c.task)
        .where(shown_prelabels.c.pool.in_(sorted(pools)), shown_prelabels.c.source.not_in(("none", "held")))
        .order_by(shown_prelabels.c.lease.desc())
        .limit(limit)
    )
    return [
        Answered(
            row.key,
            row.payload,
            row.confidence,
            row.source,
            row.shown,
            row.said,
            row.truth,
            row.consensus if row.kind == "real" and row.state == "done" else None,
        )
        for row in connection.execute(query)
    ]
