"""A worker begins the turn of a wheel that is due."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.workflows.installation import addresses

from driftwheel.services.clock import utc_now
from driftwheel.services.models.register_model import NewModel, add_model_version, register_model
from driftwheel.services.wheel.set_wheel_policy import set_wheel_policy
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import find_model
from driftwheel.store.wheel.turns import Turn, last_turn
from driftwheel.workflows import run


@pytest.fixture
def own_database(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Engine]:
    shutil.copyfile(migrated_sqlite, tmp_path / "driftwheel.sqlite")
    engine = open_database(f"sqlite:///{tmp_path / 'driftwheel.sqlite'}")
    yield engine
    run.stop()
    engine.dispose()


def test_a_worker_begins_the_turn_that_is_due(own_database: Engine, tmp_path: Path) -> None:
    blobs = Blobs.open(str(tmp_path / "blobs"))
    then = utc_now() - timedelta(days=8, hours=1)
    for name in ("cats", "dogs"):
        new = NewModel(name, "classification", ("cat", "dog"), embedder="none")
        register_model(own_database, new, by="me", now=then)
        add_model_version(own_database, blobs, name, "v1", onnx=None, by="me", now=then)
        changes = {"enabled": name == "cats", "every_days": 7}
        set_wheel_policy(own_database, name, changes, by="me", now=then)
    run.start(addresses("sqlite", tmp_path), own_database, blobs, threads=1)
    deadline = time.monotonic() + 60
    found = None
    while found is None and time.monotonic() < deadline:
        time.sleep(0.05)
        found = newest(own_database, "cats")
    assert found is not None
    assert (found.number, found.trigger, found.by) == (1, "schedule", "the wheel")
    assert found.cause == "It is due every 7 days, and the champion is 8 days old."
    assert newest(own_database, "dogs") is None


def newest(engine: Engine, name: str) -> Turn | None:
    with reading(engine) as connection:
        return last_turn(connection, find_model(connection, name).key)
