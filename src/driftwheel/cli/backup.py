"""`driftwheel backup`: everything an installation keeps, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL

__all__ = ["backup", "register"]

_FILE = typer.Argument(metavar="FILE", help="The .tar file to write; it must not exist yet.")
_PROGRESS = typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")


def backup(
    file: Annotated[Path, _FILE],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
    progress: Annotated[bool, _PROGRESS] = True,
) -> None:
    """Write the database and all images and model files it names to one file, while the server runs.

    The file is readable by its owner only: it holds password hashes and images. Settings from the environment
    are not in it.
    """
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.progress import progress_bars
    from driftwheel.services.clock import utc_now
    from driftwheel.services.operate.back_up import back_up
    from driftwheel.store.files.blobs import Blobs

    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    with open_installation(settings) as engine, progress_bars(progress) as on_progress:
        made = back_up(engine, Blobs.open(settings.blobs), file, now=utc_now(), on_progress=on_progress)
    manifest = made.manifest
    typer.echo(
        f"{file}: {manifest.tables['records']:,} records, {manifest.blobs:,} images and model files, "
        f"{made.size:,} bytes"
    )
    if manifest.missing:
        typer.echo(
            f"Note: {len(manifest.missing):,} images or model files that the database names are lost or "
            f"damaged; manifest.json in the backup lists them. The first is {manifest.missing[0]}.",
            err=True,
        )


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(backup)
