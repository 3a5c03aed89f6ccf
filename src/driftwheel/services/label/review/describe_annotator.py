"""Describe an annotator: what they did, how good they are, and what was decided of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from driftwheel.services.label.quality.annotator_confusion import AnnotatorConfusion, annotator_confusion
from driftwheel.services.label.quality.answer_quality import SAMPLE, answer_quality
from driftwheel.services.label.review.describe_project import AnnotatorRow, annotator_rows
from driftwheel.store.labels.annotators import Annotator
from driftwheel.store.labels.answer_sample import SampledAnswer, newest_answers_of
from driftwheel.store.labels.assignments import Assignment, assignments_of
from driftwheel.store.labels.label_events import LabelEvent, list_events
from driftwheel.store.labels.pools import Pool, list_pools
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.tasks import Task, tasks_by_key

__all__ = ["AnnotatorDescription", "describe_annotator"]

_NEWEST = 24
_EVENTS = 50


@dataclass(frozen=True, slots=True)
class AnnotatorDescription:
    """An annotator.

    Attributes
    ----------
    confusion
        Of the newest answers, as many as `driftwheel.services.label.quality.answer_quality.SAMPLE` says.
    n
        Answers and skips that were looked at.
    stands
        Where they stand, a pool each.
    newest
        Their newest answers, the newest first, each with its task.
    events
        About them, the newest first.
    """

    row: AnnotatorRow
    confusion: AnnotatorConfusion
    n: int
    stands: tuple[tuple[Pool, Assignment], ...]
    newest: tuple[tuple[SampledAnswer, Task], ...]
    events: tuple[LabelEvent, ...]


def describe_annotator(
    connection: Connection, project: Project, annotator: Annotator, *, now: datetime
) -> AnnotatorDescription:
    """Return what is known of an annotator of a project."""
    sample = newest_answers_of(connection, annotator.key, limit=SAMPLE[project.answer])
    quality = answer_quality(project, sample)
    (row,) = annotator_rows(connection, sample, quality, people=[annotator], now=now)
    pools = {one.key: one for one in list_pools(connection, project.key)}
    shown = sample[:_NEWEST]
    tasks = tasks_by_key(connection, [one.task for one in shown])
    return AnnotatorDescription(
        row,
        annotator_confusion(project, sample),
        len(sample),
        tuple(
            (pools[one.pool], one)
            for one in assignments_of(connection, annotator=annotator.key)
            if one.pool in pools
        ),
        tuple((one, tasks[one.task]) for one in shown if one.task in tasks),
        tuple(list_events(connection, project.key, annotator=annotator.key, limit=_EVENTS)),
    )
