"""`driftwheel labels imports`: label files that were read into a project, and undoing one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL

if TYPE_CHECKING:
    from driftwheel.store.labels.label_imports import LabelImport

__all__ = ["add_commands"]

_PROJECT = typer.Argument(metavar="PROJECT", help="The project's name, or its key.")
_UNDO = typer.Option("--undo", help="Take back all that came of an import, by its key.")
_PROGRESS = typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")
_STATES = {"checked": "not read yet", "waiting": "waits for a worker", "reading": "is being read"}


def _imports(
    project: Annotated[str, _PROJECT],
    undo: Annotated[int | None, _UNDO] = None,
    progress: Annotated[bool, _PROGRESS] = True,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """List the label files that were read into a project, the newest first; or undo one.

    Undone, new tasks go, labels of open tasks are taken away, and corrected labels are what they were. What
    somebody has touched since stays.
    """
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.given import not_found_is_usage
    from driftwheel.cli.progress import progress_bars
    from driftwheel.services.clock import utc_now
    from driftwheel.services.exchange.undo_import import undo_now
    from driftwheel.store.engine.database import reading
    from driftwheel.store.labels.label_imports import list_imports
    from driftwheel.store.labels.projects import project_named

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        with reading(engine) as connection:
            found = project_named(connection, project)
        if undo is not None:
            with not_found_is_usage(), progress_bars(progress) as on_progress:
                done = undo_now(
                    engine, found.key, undo, by=acting_user(), now=utc_now(), on_progress=on_progress
                )
            typer.echo(f"import {undo}: {done.reason}")
            return
        with reading(engine) as connection:
            known = list_imports(connection, found.key)
    for one in known:
        _show(one)
    if not known:
        typer.echo("No label file was read yet. Read one with: driftwheel labels import")


def _show(one: LabelImport) -> None:
    report = one.report or {}
    told = f"{report.get('taken', 0):,} of {report.get('images', 0):,} images as {one.what}"
    state = _STATES.get(one.state, told if one.state == "done" else one.state)
    typer.echo(f"import {one.key}: {one.name}: {state}, by {one.by}, {one.time:%Y-%m-%d %H:%M} UTC")
    if one.reason:
        typer.echo(f"  {one.reason}")


def add_commands(app: typer.Typer) -> None:
    """Add the command to those of labels."""
    app.command("imports")(_imports)
