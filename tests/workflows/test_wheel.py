"""A worker turns the wheel: with a real training, a real gate, and people who label."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.learning.digits import need_training
from tests.services.wheel.turning import Turning, alert_of, turning
from tests.workflows.installation import addresses

from driftwheel.learning.trainers.recipe import Augmentation, Recipe
from driftwheel.services.release.set_policy import set_policy
from driftwheel.services.wheel.describe_turn import DescribedTurn
from driftwheel.store.engine.database import open_database, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import set_version
from driftwheel.store.train.training_runs import create_run, end_run
from driftwheel.workflows import run

LONGEST = 240.0
SMALL = Recipe(
    "small-network",
    side=32,
    width=8,
    levels=2,
    epochs=40,
    patience=40,
    dropout=0.0,
    augmentation=Augmentation(flip=False, zoom=0.0, light=0.0, colour=0.0),
)


@pytest.fixture
def own_database(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Engine]:
    shutil.copyfile(migrated_sqlite, tmp_path / "driftwheel.sqlite")
    engine = open_database(f"sqlite:///{tmp_path / 'driftwheel.sqlite'}")
    yield engine
    run.stop()
    engine.dispose()


def until(its: Turning, wanted: Callable[[DescribedTurn], bool]) -> DescribedTurn:
    """Wait until the worker has brought the turn so far."""
    end = time.monotonic() + LONGEST
    while not wanted(seen := its.seen()):
        assert time.monotonic() < end, (seen.turn, seen.steps[-1])
        time.sleep(0.05)
    return seen


def trained_by(its: Turning, recipe: Recipe) -> None:
    """Note that the champion came of a training with this recipe; the next one is done likewise."""
    with writing(its.engine) as connection:
        made = create_run(
            connection,
            its.its.model.key,
            kind="train",
            dataset=None,
            recipe=recipe.plain(),
            created=its.now,
            by="me",
        )
        end_run(connection, made.key, "done", now=its.now, version=its.its.version("v1").key)


def test_a_worker_goes_on_when_people_have_labelled(own_database: Engine, tmp_path: Path) -> None:
    its = turning(own_database, Blobs.open(str(tmp_path / "blobs")), old=30, new=50, red=False, images=40)
    its.now = datetime.now(UTC)
    with writing(own_database) as connection:
        set_version(connection, its.its.version("v1").key, metrics={"clean": {"accuracy": 0.9}})
    run.start(addresses("sqlite", tmp_path), own_database, its.its.blobs, threads=1, summary_share=1.0)
    its.begin(trigger="alert", cause="Drift was found.", alert=alert_of(its))
    until(its, lambda seen: seen.turn.waits == "labels")
    assert its.label() == 40
    ended = until(its, lambda seen: not seen.turn.is_open)
    assert (ended.turn.step, ended.turn.outcome, ended.turn.labels) == ("measure", "no_harm", 40)


@pytest.mark.slow
def test_a_worker_turns_the_wheel(own_database: Engine, tmp_path: Path) -> None:
    need_training()
    its = turning(
        own_database,
        Blobs.open(str(tmp_path / "blobs")),
        decides="promote",
        new=110,
        images=80,
        watch_days=1.0,
    )
    its.now = datetime.now(UTC)
    trained_by(its, SMALL)
    rule = {
        "margin": 0.3,
        "segment_margin": 0.3,
        "least_labels": 10,
        "latency_ratio": 1000,
        "size_ratio": 1000,
    }
    set_policy(own_database, its.its.name, rule=rule, by="me", now=its.now)
    run.start(addresses("sqlite", tmp_path), own_database, its.its.blobs, threads=1, summary_share=1.0)
    its.begin()
    until(its, lambda seen: seen.turn.waits == "labels")
    assert its.label() == 200
    seen = until(its, lambda seen: seen.turn.step == "watch" or not seen.turn.is_open)
    assert seen.turn.step == "watch", seen.turn.reason
    its.log(30, red=True, seed=3, start=its.now + timedelta(minutes=1), version="turn-1", told=True)
    seen = until(its, lambda seen: not seen.turn.is_open)
    assert (seen.turn.outcome, its.its.alias("champion")) == ("promoted", "turn-1")
    assert seen.turn.machine_seconds > 0
