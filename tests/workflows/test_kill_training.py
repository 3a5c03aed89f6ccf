"""A worker killed at every step of the training of an autoencoder trains it all the same, and once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.databases import new_database
from tests.learning.digits import need_training
from tests.workflows.installation import NOW, add_model, picture
from tests.workflows.killing import run_program

from driftwheel.services.alert.begin_watching import begin_watching
from driftwheel.store.alerts.monitors import list_monitors
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.autoencoders import list_autoencoders
from driftwheel.store.models.models import find_model
from driftwheel.store.models.references import create_reference, set_reference_ready

pytestmark = pytest.mark.long

POINTS = ("autoencoder-begun", "autoencoder-trained", "autoencoder-written", "autoencoder-ready")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    need_training()
    with new_database(request.param, request, tmp_path, tables=True) as made:
        yield made


def test_killed_at_every_step(url: str, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for i in range(100):
        (tmp_path / "images" / f"{i}.png").write_bytes(picture(i, (8, 8)))
    engine = open_database(url)
    model = add_model(engine, embedder="none")
    with writing(engine) as connection:
        source = {"images": str(tmp_path / "images"), "name_pattern": None}
        made = create_reference(connection, model.key, kind="folder", source=source, created=NOW, by="me")
        set_reference_ready(connection, made.key, None)
    begin_watching(engine, made.key, now=NOW)
    for point in POINTS:
        killed = run_program("tests.workflows.train_through", url, str(tmp_path), crash_at=point)
        assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
    done = run_program("tests.workflows.train_through", url, str(tmp_path), crash_at=None)
    assert (done.returncode, done.stderr) == (0, "")
    with reading(engine) as connection:
        model = find_model(connection, "m")
        (trained,) = list_autoencoders(connection, model.key)
        monitors = [one.name for one in list_monitors(connection, model.key)]
    engine.dispose()
    assert (trained.state, trained.reason) == ("ready", None)
    assert list(Blobs.open(str(tmp_path / "blobs")).walk()) == [trained.artifact]
    assert monitors.count("reconstruction") == 1
