"""`driftwheel restore`: an installation from a backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL

__all__ = ["register", "restore"]

_FILE = typer.Argument(metavar="FILE", help="The .tar file that `driftwheel backup` wrote.")
_REPLACE = typer.Option("--replace", help="Replace an installation that is not empty.")
_PROGRESS = typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")


def restore(
    file: Annotated[Path, _FILE],
    replace: Annotated[bool, _REPLACE] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
    progress: Annotated[bool, _PROGRESS] = True,
) -> None:
    """Bring an installation back from a backup, on SQLite or PostgreSQL, wherever the backup was made.

    Stop its servers and workers first. The whole backup is checked before anything changes; the database then
    changes in one step. An SQLite file that is replaced is kept beside the new one.
    """
    from driftwheel.cli.data_options import acting_user, load_settings, told_as_usage_errors
    from driftwheel.cli.progress import progress_bars
    from driftwheel.errors import UsageError
    from driftwheel.services.clock import utc_now
    from driftwheel.services.operate.restore import restore as bring_back
    from driftwheel.store.engine.database import open_database, sqlite_file
    from driftwheel.store.files.blobs import Blobs

    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"Cannot make the folder '{settings.data}': {error.strerror}.") from None
    engine = open_database(settings.database_url)
    database_file = sqlite_file(engine)
    try:
        with told_as_usage_errors(), progress_bars(progress) as on_progress:
            restored = bring_back(
                file,
                engine,
                Blobs.open(settings.blobs, reserve=settings.disk_reserve_bytes),
                scratch=settings.data if database_file is None else database_file.parent,
                workflows=sqlite_file(settings.system_database_url),
                now=utc_now(),
                by=acting_user(),
                replace=replace,
                on_progress=on_progress,
            )
    finally:
        engine.dispose()
    manifest = restored.manifest
    typer.echo(
        f"Restored {manifest.tables['records']:,} records as of {manifest.when():%Y-%m-%d %H:%M} UTC; put "
        f"{restored.blobs:,} images and model files."
    )
    if restored.replaced is not None:
        typer.echo(f"The database before is kept: {restored.replaced}")
    if restored.missing:
        typer.echo(
            f"Note: {restored.missing:,} images or model files that the database names were lost or "
            "damaged when the backup was made, and are missing.",
            err=True,
        )


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(restore)
