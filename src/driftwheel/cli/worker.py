"""`driftwheel worker`: measure and sum up beside the server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL

__all__ = ["register", "worker"]

_THREADS = typer.Option("--threads", min=1, help="Images measured at once; else one a processor.")
_ONCE = typer.Option("--once", help="Stop when nothing waits any more.")


def worker(
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
    threads: Annotated[int | None, _THREADS] = None,
    once: Annotated[bool, _ONCE] = False,
) -> None:
    """Measure received images, sum up windows, apply retention: what the server does itself by default.

    Start any number of them on one PostgreSQL database, with servers that were started with --no-worker. An
    SQLite database has one worker. Killed at any moment, it goes on where it was when it starts again. Ctrl+C
    stops it after the images under way.
    """
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.until_told import until_told
    from driftwheel.errors import MissingExtraError
    from driftwheel.store.files.blobs import Blobs

    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    try:
        from driftwheel.workflows import run
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("driftwheel"):
            raise
        raise MissingExtraError("The worker", "server") from error
    with open_installation(settings) as engine:
        kept = Blobs.open(settings.blobs, reserve=settings.disk_reserve_bytes)
        with until_told() as told:
            run.start(settings, engine, kept, threads=threads, summary_share=1.0 if once else 0.1)
            try:
                typer.echo(f"A worker runs on {settings.data} (stop it with Ctrl+C)")
                while not told.wait(0.2) and not (once and run.wait_until_idle(1.0)):
                    pass
            finally:
                run.stop()


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(worker)
