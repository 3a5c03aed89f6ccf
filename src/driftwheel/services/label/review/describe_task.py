"""Describe a task: what everybody said of its image, what that amounts to, and what was decided of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from driftwheel.services.label.review.review_task import reviewable
from driftwheel.store.labels.annotators import Annotator, annotators_by_key
from driftwheel.store.labels.pools import Pool, list_pools
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.review_queue import Review, list_reviews
from driftwheel.store.labels.task_answers import StoredAnswer, answers_of_task
from driftwheel.store.labels.tasks import Task
from driftwheel.store.records.records import find_record
from driftwheel.store.records.stored_record import StoredRecord

__all__ = ["TaskDescription", "describe_task"]

_REVIEWS = 20


@dataclass(frozen=True, slots=True)
class TaskDescription:
    """A task.

    Attributes
    ----------
    answers
        With who gave them, in the order they came; undone ones are left out.
    reviews
        What people decided, the newest first.
    record
        What the model said of the image; None where the record was deleted.
    others
        The other pools of the project that take images.
    """

    project: Project
    pool: Pool
    task: Task
    answers: tuple[tuple[StoredAnswer, Annotator], ...]
    reviews: tuple[Review, ...]
    record: StoredRecord | None
    others: tuple[Pool, ...]


def describe_task(connection: Connection, project: int, key: int) -> TaskDescription:
    """Return what is known of a task of a project; raise `LookupError` where it has none of that key."""
    whose, task, pool = reviewable(connection, project, key)
    told = [one for one in answers_of_task(connection, key) if one.state != "undone"]
    people = {one.key: one for one in annotators_by_key(connection, {one.annotator for one in told})}
    others = (
        one
        for one in list_pools(connection, project)
        if one.key != pool.key and not (one.state == "closed" and one.done < one.tasks)
    )
    return TaskDescription(
        whose,
        pool,
        task,
        tuple((one, people[one.annotator]) for one in told if one.annotator in people),
        tuple(list_reviews(connection, project, task=key, limit=_REVIEWS)),
        find_record(connection, whose.model, task.record),
        tuple(others),
    )
