"""Dataset versions outlive a backup, a restore, retention and a kill."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from tests.services.datasets.labelled_animals import Animals, animals, picture
from tests.services.labelling import NOON

from driftwheel.services.datasets.open_dataset import open_dataset
from driftwheel.services.operate.apply_retention import delete_unused_blobs
from driftwheel.services.operate.back_up import back_up
from driftwheel.services.operate.restore import restore
from driftwheel.store.datasets.dataset_images import hold_blob, hold_images
from driftwheel.store.datasets.dataset_versions import begin_version, drop_abandoned
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import delete_model, find_model
from driftwheel.store.schema.dataset_tables import dataset_blobs, dataset_images


@pytest.fixture
def it(database: Engine, tmp_path: Path, folder: Path) -> Animals:
    """A version of six images of a folder."""
    for number in range(6):
        path = folder / ("cat" if number % 2 else "dog") / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(picture(number))
    made = animals(database, Blobs.open(str(tmp_path / "blobs")), 1)
    made.version(folder=folder)
    return made


def test_a_backup_brings_versions_back(it: Animals, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    made = back_up(it.engine, it.blobs, archive, now=NOON, wait=lambda _: None)
    assert made.manifest.blobs == 6 + 2, "the images, a head and a part"
    engine = open_database(f"sqlite:///{tmp_path / 'other' / 'driftwheel.sqlite'}")
    blobs = Blobs.open(str(tmp_path / "other-blobs"))
    scratch = tmp_path / "other"
    restore(archive, engine, blobs, scratch=scratch, workflows=None, now=NOON, by="test")
    with reading(engine) as connection:
        data = open_dataset(connection, blobs, it.model, 1)
        there = [images.image(i) for images in data.splits.values() for i in range(len(images))]
    assert sorted(int(one[0, 0, 0]) for one in there) == list(range(6))
    engine.dispose()


def test_a_version_that_was_abandoned_lets_go_of_what_it_held(it: Animals) -> None:
    """As a process leaves it that was killed while it made one: nobody else ever sees it."""
    blob, image = it.blobs.put(b"a part"), it.blobs.put(picture(99))
    with writing(it.engine) as connection:
        model = find_model(connection, it.model).key
        known = {"kind": "class", "parent": None, "made_from": {}, "note": "", "by": "me"}
        key = begin_version(connection, model, created=NOON, **known)  # type: ignore[arg-type]
        hold_images(connection, key, [image])
        hold_blob(connection, key, 1, blob)
    assert delete_unused_blobs(it.engine, it.blobs, [blob, image]) == 0, "it is at work"
    with writing(it.engine) as connection:
        assert drop_abandoned(connection, NOON) == 0
        assert drop_abandoned(connection, NOON + timedelta(days=1)) == 1
    assert delete_unused_blobs(it.engine, it.blobs, [blob, image]) == 2
    assert it.version(parent=1).number == 1, "nothing of it is left"


def test_versions_go_with_their_model(it: Animals) -> None:
    with writing(it.engine) as connection:
        delete_model(connection, find_model(connection, it.model).key)
        for table in (dataset_images, dataset_blobs):
            assert connection.execute(select(table)).all() == []
