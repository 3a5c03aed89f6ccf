"""A model whose wheel is turned by hand, step by step: two colours, people who know the truth, a clock."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import cv2
import numpy as np
from sqlalchemy import Engine
from tests.services.alerting import fire
from tests.services.release.registry import NOW, Registry, new_registry
from tests.services.release.two_colours import CHANGED, CLASSES, network, picture

from driftwheel.predictions import Classification, Record
from driftwheel.services.datasets.create_version import create_version
from driftwheel.services.datasets.new_version import LabelChoice, NewVersion
from driftwheel.services.ingest.record_truth import NewTruth
from driftwheel.services.label.work.next_tasks import next_tasks
from driftwheel.services.label.work.submit_answer import NewAnswer, submit_answer
from driftwheel.services.release.run_gate import run_gate
from driftwheel.services.release.set_policy import set_policy
from driftwheel.services.train.finish_training import fail_training, finish_training
from driftwheel.services.wheel.advance_turn import advance_turn
from driftwheel.services.wheel.begin_turn import begin_turn
from driftwheel.services.wheel.describe_turn import DescribedTurn, describe_turn
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.labels.annotators import add_annotator, annotator_named
from driftwheel.store.labels.pools import open_pools
from driftwheel.store.labels.projects import list_projects
from driftwheel.store.labels.tasks import task_by_key
from driftwheel.store.records.records import NewRecord
from driftwheel.store.records.truths import put_truths
from driftwheel.store.records.writer import write_records
from driftwheel.store.release.gate_runs import waiting_gate_runs
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import records
from driftwheel.store.train.training_runs import TrainingRun, open_runs
from driftwheel.store.wheel.policies import put_policy
from driftwheel.store.wheel.ready_turns import ready_turns
from driftwheel.store.wheel.turns import Turn, turn_by_key
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["Turning", "alert_of", "better", "turning"]

SMALL: dict[str, Any] = {
    "images": 40,
    "holdout_share": 0.6,
    "most_labels": 200,
    "watch_labels": 20,
    "watch_days": 2.0,
    "deadline_days": 5.0,
    "cool_down_days": 0.0,
}


def better() -> bytes:
    """A version that looks at both colours."""
    return network(blue=1.0, red=1.0)


@dataclass
class Turning:
    """The model, its truths, and the time in it."""

    its: Registry
    now: datetime = NOW
    policy: WheelPolicy = field(default_factory=lambda: WheelPolicy(**SMALL))
    turn: Turn | None = None

    @property
    def engine(self) -> Engine:
        return self.its.engine

    @property
    def key(self) -> int:
        assert self.turn is not None
        return self.turn.key

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def log(
        self,
        n: int,
        *,
        red: bool,
        seed: int,
        told: bool = False,
        start: datetime | None = None,
        version: str = "v1",
        green: bool = False,
    ) -> None:
        """Log records whose ids say their truths; the version answers as it looks at blue."""
        rng = np.random.default_rng(seed)
        begin = start or (CHANGED if red else CHANGED - timedelta(days=20))
        rows, truths = [], []
        for number in range(n):
            truth = int(rng.integers(2))
            data = picture(rng, truth, red=red)
            if green:
                data = _with_green(data, truth)
            blue = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, 0].astype(float)
            said = CLASSES[int(blue[:, 8:].mean() > blue[:, :8].mean())]
            name = f"{seed}-{number}-{CLASSES[truth]}"
            record = Record(
                name,
                self.its.name,
                begin + timedelta(minutes=number),
                version,
                {"camera": "north" if number % 2 else "south"},
                self.its.blobs.put(data).hex(),
                16,
                16,
                Classification(said, {said: 0.8}),
            )
            rows.append(NewRecord(self.its.model.key, record, bytes(32), self.now))
            truths.append(NewTruth(name, Classification(CLASSES[truth])))
        with writing(self.engine) as connection:
            write_records(connection, rows)
            connection.execute(
                records.update()
                .where(records.c.model == self.its.model.key)
                .values(state=RecordState.MEASURED)
            )
            if told:
                put_truths(connection, self.its.model.key, truths, received=self.now, by="me")

    def begin(self, **more: Any) -> Turn:
        with writing(self.engine) as connection:
            put_policy(connection, self.its.model.key, self.policy, changed=self.now, by="ada")
        self.turn = begin_turn(self.engine, self.its.name, by="ada", now=self.now, **more)
        return self.turn

    def advance(self) -> DescribedTurn:
        """Let the turn go as far as it can, and return it."""
        for _ in range(50):
            with reading(self.engine) as connection:
                turn = turn_by_key(connection, self.key)
                assert turn is not None
                ready = any(one.key == turn.key for one in ready_turns(connection, self.now))
            if not ready:
                break
            while advance_turn(self.engine, self.its.blobs, self.key, now=self.now, threads=1):
                pass
        return self.seen()

    def seen(self) -> DescribedTurn:
        assert self.turn is not None
        return describe_turn(self.engine, self.its.name, self.turn.number)

    def label(
        self, name: str = "ann", *, most: int = 10_000, right: Callable[[int], bool] | None = None
    ) -> int:
        """Let somebody answer what is to be labelled, by the truth; return how many they answered."""
        done = 0
        with reading(self.engine) as connection:
            projects = [one for one in list_projects(connection) if one.model == self.its.model.key]
            open_ones = [one for one in projects if open_pools(connection, one.key)]
        for project in open_ones:
            with writing(self.engine) as connection:
                who = annotator_named(connection, project.key, name) or add_annotator(
                    connection, project.key, name, created=self.now
                )
            rng = np.random.default_rng(0)
            while done < most:
                given = next_tasks(self.engine, who.key, count=10, now=self.now, rng=rng).tasks
                if not given:
                    break
                for one in given[: most - done]:
                    with reading(self.engine) as connection:
                        task = task_by_key(connection, one.task)
                    assert task is not None
                    truth = task.record.rpartition("-")[2]
                    if right is not None and not right(done):
                        truth = CLASSES[1 - CLASSES.index(truth)]
                    new = NewAnswer(
                        str(uuid.uuid5(uuid.NAMESPACE_OID, f"{one.task} {name}")),
                        one.task,
                        payload={"class": truth},
                        seconds=2.0,
                    )
                    submit_answer(self.engine, who.key, new, now=self.now)
                    done += 1
        return done

    def trainings(self) -> list[TrainingRun]:
        with reading(self.engine) as connection:
            return [one for one in open_runs(connection) if one.model == self.its.model.key]

    def train(self, file: bytes | None = None, *, fails: str = "", crashed: bool = False) -> TrainingRun:
        """Let the training that waits come to this file, or to nothing."""
        run = self.trainings()[0]
        if fails:
            fail_training(self.engine, run.key, fails, now=self.now, crashed=crashed)
        else:
            artifact = self.its.blobs.put(better() if file is None else file)
            assert finish_training(
                self.engine, self.its.blobs, run.key, artifact, run.recipe, {}, now=self.now
            )
        return run

    def gate(self) -> None:
        """Let a worker do the gate runs that wait."""
        with reading(self.engine) as connection:
            waiting = [one for one in waiting_gate_runs(connection) if one.model == self.its.model.key]
        seconds = iter(np.arange(0.0, 1000.0, 0.001))
        for one in waiting:
            run_gate(
                self.engine,
                self.its.blobs,
                one.key,
                now=lambda: self.now,
                threads=1,
                clock=lambda: float(next(seconds)),
            )

    def names(self) -> list[str]:
        return [one.step.name for one in self.seen().steps]


def turning(
    engine: Engine,
    blobs: Blobs,
    *,
    decides: str = "ask",
    old: int = 90,
    new: int = 90,
    red: bool = True,
    **policy: Any,
) -> Turning:
    """A champion that looks at blue alone, a dataset of old images, and new ones that only `red` tells."""
    made = Turning(new_registry(engine, blobs, classes=CLASSES))
    made.policy = WheelPolicy(**(SMALL | policy))
    made.its.add("v1", network(blue=1.0))
    made.log(old, red=False, seed=1, told=True)
    wish = NewVersion(made.its.name, labels=LabelChoice())
    create_version(engine, blobs, wish, by="me", now=NOW, wait=lambda _: None)
    made.log(new, red=red, seed=2, start=CHANGED)
    rule = {"margin": 0.3, "segment_margin": 0.3, "gain": 0.3, "least_labels": 10}
    set_policy(engine, made.its.name, policy=decides, rule=rule, by="me", now=NOW)  # type: ignore[arg-type]
    return made


def alert_of(its: Turning) -> int:
    """Let an alert fire about all images since the change, and return its key."""
    number = int.from_bytes(uuid.uuid4().bytes[:7], "big")
    return fire(its.engine, its.its.model.key, number, began=CHANGED, now=its.now).key


def _with_green(data: bytes, truth: int) -> bytes:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    pixels[:, 8 * truth : 8 * truth + 8, 1] = np.minimum(pixels[:, 8 * truth : 8 * truth + 8, 1] + 60, 255)
    return bytes(cv2.imencode(".png", pixels)[1].tobytes())
