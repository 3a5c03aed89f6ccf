"""A process that works through an installation once, from a reference to retention; tests kill it on the way.

Run again it goes on: what was logged and asked for is noted in files, so that it is done once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from tests.workflows.installation import NOW, addresses, log, some_records

from driftwheel.services.measure.backfill import ask_for_backfill
from driftwheel.services.models.set_reference import Folder, set_reference
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import find_model
from driftwheel.workflows import run
from driftwheel.workflows.retention import retention, sweep

RECORDS = 40


def work_through(database_url: str, folder: Path) -> None:
    engine = open_database(database_url)
    blobs = Blobs.open(str(folder / "blobs"))
    with reading(engine) as connection:
        model = find_model(connection, "m")

    def once(name: str, do: Callable[[], object]) -> None:
        marker = folder / name
        if not marker.exists():
            do()
            marker.touch()

    run.start(addresses(database_url, folder), engine, blobs, threads=1, summary_share=1.0)
    try:
        source = Folder(str(folder / "reference"))
        once("set", lambda: set_reference(engine, "m", source, by="test", now=NOW))
        _wait()
        recent = datetime.fromisoformat((folder / "recent").read_text())
        records = some_records(RECORDS, begin=NOW) + some_records(RECORDS, begin=recent, seed=1000)
        once("logged", lambda: log(engine, blobs, model, records, datetime.now(UTC)))
        _wait()
        name = UUID(int=7)
        span = (NOW - timedelta(days=1), NOW + timedelta(days=1))
        once("asked", lambda: ask_for_backfill(engine, "m", *span, name=name, by="test", now=NOW))
        _wait()
        retention(NOW, None)
        sweep(NOW, None)
        _wait()
    finally:
        run.stop()
        engine.dispose()


def _wait() -> None:
    if not run.wait_until_idle(120):
        raise RuntimeError("The worker does not become idle.")


if __name__ == "__main__":
    work_through(sys.argv[1], Path(sys.argv[2]))
