"""A labelling project over logged images, and people who work in it, for tests."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Engine
from tests.store.rows import NOON, new_record

from driftwheel.services.label.pools.create_pool import NewPool, create_pool
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool
from driftwheel.services.label.pools.open_pool import open_pool
from driftwheel.services.label.projects.create_project import NewClass, create_project
from driftwheel.services.label.work.next_tasks import GivenTask, NextTasks, next_tasks
from driftwheel.services.label.work.submit_answer import NewAnswer, Submitted, submit_answer
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.annotators import add_annotator, annotator_named
from driftwheel.store.labels.pools import Pool, pool_by_key
from driftwheel.store.labels.projects import AnswerType, Project
from driftwheel.store.labels.task_answers import StoredAnswer, list_answers
from driftwheel.store.labels.tasks import Task, list_tasks
from driftwheel.store.models.models import create_model
from driftwheel.store.records.writer import write_records

__all__ = ["NOON", "Labelling", "labelling"]

_NUMBERS = itertools.count(1)


@dataclass
class Labelling:
    """A project, one pool of it that is open, and the time in it."""

    engine: Engine
    model: str
    project: Project
    pool: int
    now: datetime = NOON
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def who(self, name: str) -> int:
        """Return the key of an annotator, who is new at first."""
        with writing(self.engine) as connection:
            found = annotator_named(connection, self.project.key, name)
            return (found or add_annotator(connection, self.project.key, name, created=self.now)).key

    def look(self, name: str, count: int = 1) -> NextTasks:
        return next_tasks(self.engine, self.who(name), count=count, now=self.now, rng=self.rng)

    def ask(self, name: str, count: int = 1) -> list[GivenTask]:
        return list(self.look(name, count).tasks)

    def say(
        self,
        name: str,
        task: int,
        said: str | Mapping[str, Any] = "cat",
        *,
        uid: str | None = None,
        **more: Any,
    ) -> Submitted:
        payload = {"class": said} if isinstance(said, str) else said
        new = NewAnswer(uid or str(uuid.uuid4()), task, payload=payload, **more)
        return submit_answer(self.engine, self.who(name), new, now=self.now)

    def pass_over(self, name: str, task: int, kind: str = "skip") -> Submitted:
        new = NewAnswer(str(uuid.uuid4()), task, kind)  # type: ignore[arg-type]
        return submit_answer(self.engine, self.who(name), new, now=self.now)

    def label(self, name: str, said: str = "cat") -> GivenTask | None:
        """Let somebody answer the next task, and return it."""
        given = self.ask(name)
        if not given:
            return None
        self.say(name, given[0].task, said)
        return given[0]

    def tasks(self) -> list[Task]:
        with reading(self.engine) as connection:
            return list_tasks(connection, self.pool, limit=10_000)

    def task(self, key: int) -> Task:
        return next(one for one in self.tasks() if one.key == key)

    def answers(self) -> list[StoredAnswer]:
        with reading(self.engine) as connection:
            return list_answers(connection, self.pool, limit=100_000)

    def state(self) -> Pool:
        with reading(self.engine) as connection:
            found = pool_by_key(connection, self.pool)
        assert found is not None
        return found


def labelling(
    engine: Engine,
    images: int | Sequence[PoolImage],
    *,
    answer: AnswerType = "class",
    classes: Sequence[str] = ("cat", "dog"),
    **options: Any,
) -> Labelling:
    """A new project of a new model with an open pool: of the images ``i0``, ``i1``, …, or of these."""
    chosen = [PoolImage(f"i{n}") for n in range(images)] if isinstance(images, int) else list(images)
    number = next(_NUMBERS)
    with writing(engine) as connection:
        model = create_model(
            connection, f"m{number}", task="classification", created=NOON, classes=["cat", "dog"]
        )
        write_records(connection, [new_record(model.key, one.record) for one in chosen])
    new = [NewClass(name) for name in classes]
    project = create_project(engine, f"animals {number}", model.name, answer, new, by="lead", now=NOON)
    known: dict[str, Any] = {"golden_share": 0.0, "lease_seconds": 600}
    pool = create_pool(engine, project.key, NewPool("first", **(known | options)), by="lead", now=NOON)
    fill_pool(engine, project.key, pool.key, chosen, by="lead", now=NOON)
    open_pool(engine, project.key, pool.key, by="lead", now=NOON)
    return Labelling(engine, model.name, project, pool.key)
