from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.learning.digits import need_training
from tests.services.document.carded_model import CardedModel, carded_model

from driftwheel.store.engine.database import open_database


@pytest.fixture(scope="session")
def carded(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardedModel]:
    """For tests that change nothing but texts of versions that others do not ask for."""
    need_training()
    folder = tmp_path_factory.mktemp("carded")
    shutil.copyfile(migrated_sqlite, folder / "driftwheel.sqlite")
    engine = open_database(f"sqlite:///{folder / 'driftwheel.sqlite'}")
    yield carded_model(engine, folder)
    engine.dispose()
