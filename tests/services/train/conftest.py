from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.learning.digits import need_training
from tests.services.train.striped_model import StripedModel, striped_model

from driftwheel.store.engine.database import open_database
from driftwheel.store.files.blobs import Blobs


@pytest.fixture
def stripes(migrated_sqlite: Path, tmp_path: Path) -> Iterator[StripedModel]:
    need_training()
    shutil.copyfile(migrated_sqlite, tmp_path / "driftwheel.sqlite")
    engine = open_database(f"sqlite:///{tmp_path / 'driftwheel.sqlite'}")
    yield striped_model(engine, Blobs.open(str(tmp_path / "blobs")), tmp_path / "given")
    engine.dispose()
