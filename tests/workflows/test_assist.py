"""A worker trains the assistant as labels come, and goes on with automatic labelling."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from tests.services.assist_animals import animals
from tests.services.labelling import NOON
from tests.workflows.installation import addresses

from driftwheel.services.assist.begin_automatic import begin_automatic
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.services.exchange.brought_images import Bringing
from driftwheel.services.exchange.kept_imports import begin_import, import_of_project, keep_upload
from driftwheel.services.exchange.undo_import import undo_import
from driftwheel.services.label.pools.create_pool import NewPool, create_pool
from driftwheel.store.assist.assistants import list_assistants
from driftwheel.store.assist.automatic_runs import checked_tasks, run_by_key
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.workflows import run

pytestmark = pytest.mark.long


@pytest.fixture
def database(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Engine]:
    """A database, and no worker any more before it goes."""
    shutil.copyfile(migrated_sqlite, tmp_path / "driftwheel.sqlite")
    engine = open_database(f"sqlite:///{tmp_path / 'driftwheel.sqlite'}")
    yield engine
    run.stop()
    engine.dispose()


def test_a_worker_trains_and_labels_what_is_left(
    database: Engine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    zoo = animals(database, 300)
    blobs = Blobs.open(str(tmp_path / "blobs"))
    run.start(addresses(str(database.url), tmp_path), database, blobs, threads=1, summary_share=1.0)
    for labels in (40, 60):
        zoo.label(labels - zoo.work.state().done)
        assert run.wait_until_idle(60)
        with reading(database) as connection:
            assert list_assistants(connection, zoo.project)[0].labels == labels
    begun = begin_automatic(
        database,
        zoo.project,
        zoo.work.pool,
        bound=0.1,
        by="lead",
        now=zoo.work.now,
        rng=np.random.default_rng(0),
    )
    with reading(database) as connection:
        sample = {one.task for one in checked_tasks(connection, begun.key, "sample")}
    zoo.finish([one for one in zoo.work.tasks() if one.key in sample])
    assert run.wait_until_idle(60)
    with reading(database) as connection:
        found = run_by_key(connection, begun.key)
    assert found is not None
    assert found.state == "auditing"
    assert found.numbers["accepted"] > 50
    _a_label_file_is_read_and_undone(database, zoo.project, tmp_path, blobs)
    assert capfd.readouterr().err == ""


def _a_label_file_is_read_and_undone(database: Engine, project: int, folder: Path, blobs: Blobs) -> None:
    pool = create_pool(database, project, NewPool("from a file"), by="lead", now=NOON).key
    file = folder / "labels.csv"
    file.write_text("image,label\ni0,cat\ni1,dog\n")
    key = keep_upload(
        database,
        project,
        pool,
        file,
        "consensus",
        name=file.name,
        options=LabelOptions(),
        bringing=Bringing(blobs, addresses("", folder)),
        by="lead",
        now=NOON,
    ).key
    begin_import(database, project, key, by="lead")
    assert run.wait_until_idle(60)
    assert import_of_project(database, project, key).state == "done"
    undo_import(database, project, key, by="lead", now=NOON)
    assert run.wait_until_idle(60)
    done = import_of_project(database, project, key)
    assert (done.state, done.images) == ("undone", 2)
