"""The review queue: tasks that want a person, and what reviewers decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, func, insert, select

from driftwheel.store.labels.tasks import ReviewWhy, Task
from driftwheel.store.schema.label_tables import IS_IN_REVIEW, pools, reviews, tasks

__all__ = [
    "Review",
    "ReviewAction",
    "add_review",
    "count_queued",
    "list_reviews",
    "queued_tasks",
    "reviews_of",
]

ReviewAction = Literal["accept", "edit", "reject"]


@dataclass(frozen=True, slots=True)
class Review:
    """What a person decided of a task; `driftwheel.store.schema.label_tables` describes the columns."""

    key: int
    project: int
    pool: int
    task: int
    why: ReviewWhy | None
    action: ReviewAction
    payload: Mapping[str, Any] | None
    consensus: Mapping[str, Any] | None
    confidence: float | None
    reason: str
    event: int | None
    time: datetime
    by: str


def add_review(connection: Connection, **values: Any) -> Review:
    """Add a review, its columns by name but the key, and return it."""
    row = connection.execute(insert(reviews).values(values).returning(*reviews.c)).one()
    return Review(**row._mapping)


def reviews_of(connection: Connection, keys: Sequence[int]) -> dict[int, Review]:
    """Return the reviews of these few keys that are there, by key."""
    found = connection.execute(select(reviews).where(reviews.c.key.in_(sorted(keys)))) if keys else ()
    return {row.key: Review(**row._mapping) for row in found}


def list_reviews(
    connection: Connection,
    project: int,
    *,
    task: int | None = None,
    before_key: int | None = None,
    limit: int = 100,
) -> list[Review]:
    """Return up to `limit` reviews of a project, the newest first, after the one with that key."""
    query = select(reviews).where(reviews.c.project == project)
    if task is not None:
        query = query.where(reviews.c.task == task)
    if before_key is not None:
        query = query.where(reviews.c.key < before_key)
    rows = connection.execute(query.order_by(reviews.c.key.desc()).limit(limit))
    return [Review(**row._mapping) for row in rows]


def queued_tasks(
    connection: Connection,
    project: int,
    *,
    pool: int | None = None,
    why: ReviewWhy | None = None,
    after_key: int = 0,
    limit: int = 100,
) -> list[Task]:
    """Return up to `limit` tasks that want a person, by key, after the one with the key `after_key`.

    Parameters
    ----------
    pool, why
        Only those of a pool of the project, or of one reason.
    """
    query = select(tasks).where(tasks.c.pool.in_(_pools_of(project)), IS_IN_REVIEW, tasks.c.key > after_key)
    if pool is not None:
        query = query.where(tasks.c.pool == pool)
    if why is not None:
        query = query.where(tasks.c.review == why)
    return [Task(**row._mapping) for row in connection.execute(query.order_by(tasks.c.key).limit(limit))]


def count_queued(connection: Connection, project: int, *, pool: int | None = None) -> dict[ReviewWhy, int]:
    """Return how many tasks of a project, or of one of its pools, want a person, by reason."""
    query = select(tasks.c.review, func.count()).where(tasks.c.pool.in_(_pools_of(project)), IS_IN_REVIEW)
    if pool is not None:
        query = query.where(tasks.c.pool == pool)
    return {row[0]: row[1] for row in connection.execute(query.group_by(tasks.c.review))}


def _pools_of(project: int) -> Select[tuple[int]]:
    return select(pools.c.key).where(pools.c.project == project)
