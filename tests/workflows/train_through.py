"""A process that lets a worker train an autoencoder; tests kill it on the way. Run again it goes on."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.workflows.installation import NOW, addresses

from driftwheel.services.models.train_model_autoencoder import AutoencoderWish, ask_for_autoencoder
from driftwheel.store.engine.database import open_database
from driftwheel.store.files.blobs import Blobs
from driftwheel.workflows import run


def train_through(database_url: str, folder: Path) -> None:
    engine = open_database(database_url)
    blobs = Blobs.open(str(folder / "blobs"))
    run.start(addresses(database_url, folder), engine, blobs, threads=1)
    try:
        if not (folder / "asked").exists():
            wish = AutoencoderWish(side=8, colour=False, latent=4)
            ask_for_autoencoder(engine, "m", wish, by="test", now=NOW)
            (folder / "asked").touch()
        if not run.wait_until_idle(120):
            raise RuntimeError("The worker does not become idle.")
    finally:
        run.stop()
        engine.dispose()


if __name__ == "__main__":
    train_through(sys.argv[1], Path(sys.argv[2]))
