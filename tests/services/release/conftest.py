from __future__ import annotations

from pathlib import Path

import pytest

from driftwheel.store.files.blobs import Blobs


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(f"file://{tmp_path / 'blobs'}")
