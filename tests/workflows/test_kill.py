"""A worker killed at every step, one after another, ends with the same as one that was never killed."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.databases import new_database
from tests.workflows.installation import add_model, everything, picture
from tests.workflows.killing import run_program

from driftwheel.store.engine.database import open_database
from driftwheel.store.files.blobs import Blobs

pytestmark = pytest.mark.long

POINTS = (
    "reference-begun",
    "reference-measured",
    "reference-kept",
    "reference-written",
    "reference-ready",
    "watching-written",
    "watching-begun",
    "faults-simulated",
    "faults-written",
    "faults-kept",
    "measure-taken",
    "measure-measured",
    "measure-written",
    "measure-committed",
    "summarise-made",
    "summarise-written",
    "summarise-committed",
    "backfill-measured",
    "backfill-written",
    "backfill-committed",
    "retention-archived",
    "retention-committed",
    "retention-dropped",
    "retention-drop-committed",
    "retention-blob-deleted",
)


def work(database_url: str, folder: Path, *, crash_at: str | None = None) -> subprocess.CompletedProcess[str]:
    return run_program("tests.workflows.work_through", database_url, str(folder), crash_at=crash_at)


def prepare(database_url: str, folder: Path) -> None:
    (folder / "reference").mkdir(parents=True)
    for i in range(20):
        (folder / "reference" / f"{i}.png").write_bytes(picture(500 + i))
    engine = open_database(database_url)
    add_model(engine, retention_days=30, keep_images=0.5)
    engine.dispose()


def found(database_url: str, folder: Path) -> dict[str, object]:
    engine = open_database(database_url)
    try:
        return everything(engine, Blobs.open(str(folder / "blobs")))
    finally:
        engine.dispose()


@pytest.fixture
def databases() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_killed_at_every_step(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, databases: ExitStack
) -> None:
    urls = {}
    for name in ("never", "always"):
        (tmp_path / name).mkdir()
        urls[name] = databases.enter_context(new_database(kind, request, tmp_path / name, tables=True))
        prepare(urls[name], tmp_path / name)
    recent = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=12)
    for name in urls:
        (tmp_path / name / "recent").write_text(recent.isoformat())

    done = work(urls["never"], tmp_path / "never")
    assert (done.returncode, done.stderr) == (0, "")
    for point in POINTS:
        killed = work(urls["always"], tmp_path / "always", crash_at=point)
        assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
    done = work(urls["always"], tmp_path / "always")
    assert (done.returncode, done.stderr) == (0, "")

    expected, got = found(urls["never"], tmp_path / "never"), found(urls["always"], tmp_path / "always")
    for what, value in expected.items():
        assert got[what] == value, what
    states = {row[0] for row in expected["records"].values()}  # type: ignore[attr-defined]
    assert states == {"MEASURED", "REJECTED", "NO_IMAGE"}
    assert any(archive for _, archive, *_ in expected["windows"].values())  # type: ignore[attr-defined]
    assert not any(row[-1] for row in expected["windows"].values())  # type: ignore[attr-defined]
