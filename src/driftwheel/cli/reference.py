"""`driftwheel reference`: what the windows of a model are compared with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL

__all__ = ["register"]

_commands = typer.Typer(
    help="Set what a model's images are compared with, and see it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    name="reference",
)

_MODEL = typer.Argument(metavar="MODEL", help="The model's name.")
_FOLDER = typer.Option("--folder", help="Images the model was built on: a folder, archive or list file.")
_PATTERN = typer.Option("--name-pattern", help="How tags and times are read from the names, as of check.")
_SINCE = typer.Option("--since", help="Beginning of a past range of the model's own records.")
_UNTIL = typer.Option("--until", help="End of that range, not itself in it.")
_TRAILING = typer.Option("--trailing", help="The model's own records of so many days before today.")
_OUT = typer.Option(
    "--out", "-o", help="Write its profile to this file, for `driftwheel profile --reference`."
)


@_commands.command("set")
def _set(
    model: Annotated[str, _MODEL],
    folder: Annotated[str | None, _FOLDER] = None,
    name_pattern: Annotated[str | None, _PATTERN] = None,
    since: Annotated[str | None, _SINCE] = None,
    until: Annotated[str | None, _UNTIL] = None,
    trailing: Annotated[int | None, _TRAILING] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Set the reference of a model: a folder of images, a past range, or a trailing window.

    A worker measures it; until then the last one stays in use.
    """
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.moments import as_moment
    from driftwheel.errors import UsageError
    from driftwheel.services.clock import utc_now
    from driftwheel.services.models.set_reference import Folder, Range, Trailing, set_reference

    source: Folder | Range | Trailing
    if folder is not None and since is None and until is None and trailing is None:
        source = Folder(folder, name_pattern)
    elif since is not None and until is not None and folder is None and trailing is None:
        source = Range(as_moment(since), as_moment(until))
    elif trailing is not None and since is None and until is None and folder is None:
        source = Trailing(trailing)
    else:
        raise UsageError("Give one of: --folder IMAGES, --since TIME --until TIME, or --trailing DAYS.")
    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        set_reference(engine, model, source, by=acting_user(), now=utc_now())
    typer.echo(f"A worker will measure the new reference of {model}.")


@_commands.command("show")
def _show(
    model: Annotated[str, _MODEL],
    out: Annotated[Path | None, _OUT] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
) -> None:
    """Show the reference of a model and those before it."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.errors import UsageError
    from driftwheel.profiles import write_profiles
    from driftwheel.services.measure.measured_reference import portable_profile, unpack_reference
    from driftwheel.store.engine.database import reading
    from driftwheel.store.files.blobs import Blobs
    from driftwheel.store.models.models import find_model
    from driftwheel.store.models.references import current_reference, list_references

    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    with open_installation(settings) as engine, reading(engine) as connection:
        found = find_model(connection, model)
        known = list_references(connection, found.key)
        current = current_reference(connection, found.key)
    for one in known:
        mark = "in use" if current is not None and one.key == current.key else one.state
        said = ", ".join(f"{name} {value}" for name, value in one.source.items() if value is not None)
        why = f": {one.reason}" if one.reason else ""
        typer.echo(f"{one.created:%Y-%m-%d %H:%M} UTC, {one.kind} ({said}), set by {one.by}: {mark}{why}")
    if not known:
        typer.echo(
            f"{model} has no reference. Set one with: driftwheel reference set {model} --folder IMAGES"
        )
    if current is None or current.artifact is None:
        if out is not None:
            raise UsageError(f"The reference of '{model}' is not measured yet; there is nothing to write.")
        return
    kept = Blobs.open(settings.blobs, reserve=settings.disk_reserve_bytes)
    try:
        measured = unpack_reference(kept.get(current.artifact))
    except FileNotFoundError:
        raise UsageError(f"The artifact of the reference of '{model}' is lost. Set it again.") from None
    space = "no embedder" if measured.space is None else f"embeddings in {measured.space.name}"
    typer.echo(f"{measured.n:,} images, {len(measured.sample):,} kept one by one, {space}")
    if out is not None:
        size = write_profiles(portable_profile(measured), out)
        typer.echo(f"{out}: {size:,} bytes")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(_commands)
