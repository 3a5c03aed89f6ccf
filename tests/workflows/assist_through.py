"""A process that lets a worker train assistants and label automatically; tests kill it on the way."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.workflows.installation import addresses

from driftwheel.store.engine.database import open_database
from driftwheel.store.files.blobs import Blobs
from driftwheel.workflows import run


def assist_through(database_url: str, folder: Path) -> None:
    engine = open_database(database_url)
    run.start(addresses(database_url, folder), engine, Blobs.open(str(folder / "blobs")), threads=1)
    try:
        if not run.wait_until_idle(120):
            raise RuntimeError("The worker does not become idle.")
    finally:
        run.stop()
        engine.dispose()


if __name__ == "__main__":
    assist_through(sys.argv[1], Path(sys.argv[2]))
