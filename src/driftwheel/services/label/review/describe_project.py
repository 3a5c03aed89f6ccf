"""Describe a labelling project or one of its pools: how far it is, how good it is, and who works in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from driftwheel.agreement.golden_skill import Skill, skill_of
from driftwheel.services.label.quality.answer_quality import (
    SAMPLE,
    AnnotatorFigures,
    AnswerQuality,
    answer_quality,
)
from driftwheel.store.labels.annotators import Annotator, annotators_by_key
from driftwheel.store.labels.answer_sample import SampledAnswer, newest_answers
from driftwheel.store.labels.label_counts import WorkCounts, answers_by_hour, count_work
from driftwheel.store.labels.label_events import LabelEvent, event_by_key
from driftwheel.store.labels.pools import Pool, list_pools
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.review_queue import count_queued
from driftwheel.store.labels.tasks import ReviewWhy

__all__ = ["HOURS", "AnnotatorRow", "ProjectDescription", "annotator_rows", "describe_project"]

HOURS = 24
"""Hours up to now that answers are counted in."""


@dataclass(frozen=True, slots=True)
class AnnotatorRow:
    """An annotator, and how good they are.

    Attributes
    ----------
    work
        What they have done, in the pool or in all.
    skill
        Of all their golden tasks there.
    figures
        Of the newest answers; None where none of those is theirs.
    ban, pause
        The events by which they are banned, and have to pause; None: they are not, and have not.
    last
        When the newest of the answers that were looked at came; None where none is theirs.
    """

    annotator: Annotator
    work: WorkCounts
    skill: Skill
    figures: AnnotatorFigures | None = None
    ban: LabelEvent | None = None
    pause: LabelEvent | None = None
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProjectDescription:
    """How far a project, or one of its pools, is.

    Attributes
    ----------
    pools
        Those that are looked at, the newest first.
    queued
        Tasks that want a person, by reason.
    quality
        Of the newest answers.
    annotators
        Who gave those, the most first.
    hours
        Start of each of the last hours → answers and skips in it, the oldest first; the last is not over.
    now
        When that was.
    """

    project: Project
    pools: tuple[Pool, ...]
    queued: Mapping[ReviewWhy, int]
    quality: AnswerQuality
    annotators: tuple[AnnotatorRow, ...]
    hours: Mapping[datetime, int]
    now: datetime

    @property
    def tasks(self) -> int:
        """Real tasks."""
        return sum(one.tasks for one in self.pools)

    @property
    def done(self) -> int:
        """Real tasks that want no more answers."""
        return sum(one.done for one in self.pools)

    @property
    def pace(self) -> float:
        """Answers an hour, over the hour that is not over and the two before."""
        begin = max(self.hours, default=self.now) - timedelta(hours=2)
        hours = (self.now - begin) / timedelta(hours=1)
        return sum(n for start, n in self.hours.items() if start >= begin) / max(hours, 1e-9)


def describe_project(
    connection: Connection, project: Project, *, now: datetime, pool: int | None = None
) -> ProjectDescription:
    """Return how far a project is, or one of its pools.

    What is counted is exact; agreement, speed and who agrees come of the newest answers, see
    `driftwheel.services.label.quality.answer_quality.SAMPLE`.
    """
    pools = [one for one in list_pools(connection, project.key) if pool in {None, one.key}]
    keys = [one.key for one in pools]
    sample = newest_answers(connection, keys, limit=SAMPLE[project.answer])
    quality = answer_quality(project, sample)
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    hours = [first + number * timedelta(hours=1) for number in range(HOURS)]
    return ProjectDescription(
        project,
        tuple(reversed(pools)),
        count_queued(connection, project.key, pool=pool),
        quality,
        tuple(_most_first(annotator_rows(connection, sample, quality, now=now, pool=pool))),
        answers_by_hour(connection, keys, hours),
        now,
    )


def annotator_rows(
    connection: Connection,
    sample: Sequence[SampledAnswer],
    quality: AnswerQuality,
    *,
    now: datetime,
    people: Collection[Annotator] | None = None,
    pool: int | None = None,
) -> list[AnnotatorRow]:
    """Return how good annotators are, in their order; by default of all who gave the answers looked at."""
    if people is None:
        people = annotators_by_key(connection, quality.annotators)
    work = count_work(connection, [one.key for one in people], pool=pool)
    last: dict[int, datetime] = {}
    for one in sample:
        last[one.annotator] = max(one.received, last.get(one.annotator, one.received))
    rows = []
    for who in people:
        done = work.get(who.key, WorkCounts())
        rows.append(
            AnnotatorRow(
                who,
                done,
                skill_of(done.golden_correct, done.golden, who.key),
                quality.annotators.get(who.key),
                None if who.banned is None else event_by_key(connection, who.banned),
                _pause(connection, who, now),
                last.get(who.key),
            )
        )
    return rows


def _pause(connection: Connection, who: Annotator, now: datetime) -> LabelEvent | None:
    if who.paused is None or not who.rests(now):
        return None
    return event_by_key(connection, who.paused)


def _most_first(rows: Sequence[AnnotatorRow]) -> list[AnnotatorRow]:
    return sorted(rows, key=lambda one: (-one.work.answered, one.annotator.name))
