"""A server killed under load, anywhere, has lost nothing it acknowledged, and doubled nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ingest.installation import Installation
from tests.ingest.killing import POINTS, acknowledged, kill_again_and_again, kill_at_each_point

import driftwheel


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "data", database_url)
    made.set_up()
    yield made
    if made.process is not None:
        made.kill()


@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
def test_killed_at_each_point(installation: Installation) -> None:
    kill_at_each_point(installation, POINTS)


def test_every_point_of_ingest_is_tested() -> None:
    package = Path(driftwheel.__file__).parent
    paths = [
        *sorted((package / "services").glob("ingest_*.py")),
        *(
            package / "services" / f"{name}.py"
            for name in ("record_truth", "record_feedback", "crash_points")
        ),
        *(package / "store" / f"{name}.py" for name in ("blobs", "synced_file")),
    ]
    found = {
        name
        for path in paths
        for name in re.findall(r'\b(?:reach|on_step)\("([a-z-]+)"\)', path.read_text(encoding="utf-8"))
    }
    assert found == set(POINTS)


def test_killed_at_random_moments(installation: Installation) -> None:
    moments = 12 if installation.database_url.startswith("sqlite") else 8
    history = kill_again_and_again(installation, moments, seed=1)
    assert acknowledged(history) > 100  # it was under load


@pytest.mark.slow
def test_killed_at_two_hundred_random_moments(installation: Installation) -> None:
    history = kill_again_and_again(installation, 200, seed=2)
    assert acknowledged(history) > 5_000
