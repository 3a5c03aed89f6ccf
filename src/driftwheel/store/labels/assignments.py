"""Assignments: where an annotator stands in a pool, and how far they have come."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from sqlalchemy import Connection, select, update

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.labels.tasks import FIRST_AGAIN
from driftwheel.store.schema.label_tables import assignments

__all__ = ["Assignment", "Stage", "assignments_of", "lock_assignment", "save_assignment"]

Stage = Literal["training", "exam", "work", "failed"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where an annotator stands; the columns are described in `driftwheel.store.schema.label_tables`."""

    annotator: int
    pool: int
    stage: Stage
    again: int
    ahead: int
    given: int
    answered: int
    skipped: int
    golden: int
    golden_correct: int
    challenged: int | None = None


def lock_assignment(connection: Connection, annotator: int, pool: int) -> Assignment:
    """Return where an annotator stands in a pool, at first at its start; locked from now on."""
    start = {
        "annotator": annotator,
        "pool": pool,
        "stage": "training",
        "again": FIRST_AGAIN,
        "ahead": 0,
        "given": 0,
        "answered": 0,
        "skipped": 0,
        "golden": 0,
        "golden_correct": 0,
    }
    chosen = select(assignments).where(assignments.c.annotator == annotator, assignments.c.pool == pool)
    row = connection.execute(chosen.with_for_update()).first()
    if row is None:
        made = upsert(connection.dialect.name, assignments).values(start).on_conflict_do_nothing()
        connection.execute(made)
        row = connection.execute(chosen.with_for_update()).one()
    return Assignment(**row._mapping)


def save_assignment(connection: Connection, assignment: Assignment) -> None:
    """Keep where an annotator stands, whose row is locked."""
    values = {one.name: getattr(assignment, one.name) for one in fields(Assignment)}
    kept = update(assignments).where(
        assignments.c.annotator == assignment.annotator, assignments.c.pool == assignment.pool
    )
    connection.execute(kept.values(values))


def assignments_of(
    connection: Connection, *, annotator: int | None = None, pool: int | None = None
) -> list[Assignment]:
    """Return where annotators stand: in a pool, or one annotator in all."""
    query = select(assignments).order_by(assignments.c.annotator, assignments.c.pool)
    if annotator is not None:
        query = query.where(assignments.c.annotator == annotator)
    if pool is not None:
        query = query.where(assignments.c.pool == pool)
    return [Assignment(**row._mapping) for row in connection.execute(query)]
