from __future__ import annotations

from pathlib import Path

import pytest

from driftwheel.store.files.blobs import Blobs


@pytest.fixture(scope="session")
def dataset_blobs(tmp_path_factory: pytest.TempPathFactory) -> Blobs:
    """One place of blobs for all tests: they are told apart by what is in them."""
    return Blobs.open(str(tmp_path_factory.mktemp("datasets") / "blobs"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "given"
    made.mkdir()
    return made
