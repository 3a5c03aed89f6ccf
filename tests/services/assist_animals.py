"""A pool of images with embeddings and a known truth, and people who answer it, for tests."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import JSON, Engine, bindparam, update
from tests.services.labelling import Labelling, labelling

from driftwheel.learning.gist_embedder import GistEmbedder
from driftwheel.services.assist.advance_automatic import advance_automatic
from driftwheel.services.assist.train_assistant import train_assistant
from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.measure.embedding_space import fixed_space
from driftwheel.services.measure.packed_records import pack_embedding
from driftwheel.store.assist.assistants import Assistant, set_assistance
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.pools import add_to_pool
from driftwheel.store.labels.tasks import Task
from driftwheel.store.schema.label_tables import tasks
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import records

__all__ = ["Animals", "animals"]

SPACE = fixed_space(GistEmbedder()).name
NAMES = ("cat", "dog")


@dataclass
class Animals:
    """A pool of cats and dogs; `truth` has the class of each record by its id."""

    work: Labelling
    truth: dict[str, str]

    @property
    def engine(self) -> Engine:
        return self.work.engine

    @property
    def project(self) -> int:
        return self.work.project.key

    def answer(self, n: int, name: str = "ann") -> int:
        """Let somebody answer n tasks rightly; return how many there were."""
        work, done = self.work, 0
        records_of = {one.key: one.record for one in work.tasks()}
        while done < n and (given := work.ask(name, min(50, n - done))):
            for one in given:
                work.say(name, one.task, self.truth[records_of[one.task]])
                done += 1
        return done

    def finish(self, chosen: Iterable[Task], *, wrong: Collection[int] = ()) -> None:
        """Finish tasks as if somebody had answered each, those of `wrong` wrongly: at once."""
        rows = []
        for one in chosen:
            right = self.truth[one.record]
            said = NAMES[1 - NAMES.index(right)] if one.key in wrong else right
            rows.append({"which": one.key, "said": {"class": said}})
        changed = update(tasks).where(tasks.c.key == bindparam("which"))
        values = {"state": "done", "answers": 1, "room": 0, "confidence": 0.9, "finished": self.work.now}
        with writing(self.engine) as connection:
            connection.execute(changed.values(consensus=bindparam("said", type_=JSON), **values), rows)
            add_to_pool(connection, self.work.pool, done=len(rows))

    def label(self, n: int) -> None:
        """Finish the next n open real tasks."""
        waiting = [one for one in self.work.tasks() if one.kind == "real" and one.state == "open"]
        self.finish(waiting[:n])

    def train(self) -> Assistant | None:
        with writing(self.engine) as connection:
            set_assistance(connection, self.project, space=SPACE)
        return train_assistant(self.engine, self.project, now=self.work.now)

    def go_on(self, run: int) -> int:
        """Let the worker's part of a run be done, as far as it can be now."""
        steps = 0
        while advance_automatic(self.engine, run, now=self.work.now):
            steps += 1
        return steps


def animals(
    engine: Engine, n: int, *, golden: int = 0, apart: float = 4.0, seed: int = 0, **options: Any
) -> Animals:
    """n images, of two clouds of embeddings whose centres are so many deviations apart, and golden ones."""
    rng = np.random.default_rng(seed)
    names = [f"i{number}" for number in range(n)] + [f"g{number}" for number in range(golden)]
    truth = {name: NAMES[int(rng.integers(2))] for name in names}
    images = [PoolImage(name) for name in names[:n]]
    images += [PoolImage(name, "golden", {"class": truth[name]}) for name in names[n:]]
    work = labelling(engine, images, **options)
    way = rng.normal(size=16)
    way /= np.linalg.norm(way)
    rows = []
    for name in names:
        side = apart / 2 if truth[name] == "dog" else -apart / 2
        vector = (rng.normal(size=16) + side * way).astype(np.float16)
        rows.append({"name": name, "vector": pack_embedding(vector)})
    changed = update(records).where(records.c.model == work.project.model, records.c.id == bindparam("name"))
    with writing(engine) as connection:
        values = {"space": SPACE, "state": RecordState.MEASURED.value}
        connection.execute(changed.values(embedding=bindparam("vector"), **values), rows)
    return Animals(work, truth)
