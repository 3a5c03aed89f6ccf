"""Killed at every step of a turn, a worker goes on where it was: nothing is made twice, nothing is lost."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select
from tests.services.wheel.conftest import Prepared
from tests.workflows.killing import run_program

from driftwheel.services.wheel.describe_turn import describe_turn
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.schema.dataset_tables import dataset_versions
from driftwheel.store.schema.label_tables import answers, pools, projects
from driftwheel.store.schema.release_tables import gate_runs, promotions
from driftwheel.store.schema.tables import model_versions
from driftwheel.store.schema.train_tables import training_runs
from driftwheel.wheel.turn_step import STEPS

PROGRAM = "tests.services.wheel.turn_through"


def count(connection: Connection) -> dict[str, int]:
    tables = (
        projects,
        pools,
        answers,
        dataset_versions,
        training_runs,
        gate_runs,
        promotions,
        model_versions,
    )
    return {
        one.name: connection.execute(select(func.count()).select_from(one)).scalar_one() for one in tables
    }


@pytest.mark.parametrize(
    "places",
    [("made",), pytest.param(("begun", "worked", "made", "kept"), marks=pytest.mark.slow)],
    ids=["before each commit", "everywhere"],
)
def test_killed_at_every_step(places: tuple[str, ...], prepared: Prepared, tmp_path: Path) -> None:
    shutil.copyfile(prepared.folder / "begun", tmp_path / "driftwheel.sqlite")
    shutil.copytree(prepared.folder / "blobs", tmp_path / "blobs")
    url = f"sqlite:///{tmp_path / 'driftwheel.sqlite'}"
    for step in STEPS:
        for place in places:
            point = f"wheel-{step}-{place}"
            killed = run_program(PROGRAM, url, str(tmp_path), crash_at=point)
            assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
    done = run_program(PROGRAM, url, str(tmp_path), crash_at=None)
    assert (done.returncode, done.stderr) == (0, "")
    engine = open_database(url)
    with reading(engine) as connection:
        counts = count(connection)
    turn = describe_turn(engine, prepared.stages["begun"].its.name, 1)
    engine.dispose()
    assert counts == {
        "projects": 1,
        "pools": 2,
        "answers": 60,
        "dataset_versions": 2,
        "training_runs": 1,
        "gate_runs": 1,
        "promotions": 2,
        "model_versions": 2,
    }
    assert [one.step.name for one in turn.steps] == list(STEPS)
    assert {one.step.state for one in turn.steps} == {"done"}
    assert (turn.turn.outcome, turn.challenger, turn.turn.labels) == ("promoted", "turn-1", 60)
