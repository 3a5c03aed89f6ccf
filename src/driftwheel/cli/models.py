"""`driftwheel models`: the models that are watched, their versions, and what is kept of their records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL
from driftwheel.cli.model_autoencoder import add_commands, autoencoder_words

if TYPE_CHECKING:
    from driftwheel.store.models.models import Model

__all__ = ["register"]

"""Who did it, in the audit log."""

_commands = typer.Typer(
    help="Register models and see them.", no_args_is_help=True, rich_markup_mode=None, name="models"
)

_NAME = typer.Argument(metavar="NAME", help="The model's name.")
_VERSION = typer.Argument(metavar="VERSION", help="The version's name.")
_TASK = typer.Option("--task", help="classification or detection.")
_CLASSES = typer.Option("--class", help="Name of a class; may be given several times.")
_WINDOW = typer.Option("--window", help="What one profile sums up: hour, day or week. Stays as it is.")
_SEGMENTS = typer.Option("--segment", help="A tag whose values get profiles of their own; several times.")
_EMBEDDER = typer.Option("--embedder", help="auto, gist, efficientnet-lite0, none, or an ONNX file.")
_DAYS = typer.Option("--days", help="Keep records and images for so many days; else for ever.")
_SHARE = typer.Option("--keep-images", help="Share of the images kept once measured; 0 keeps profiles only.")
_FALSE_ALARMS = typer.Option(
    "--false-alarms-per-year", help="How many false alarms a year are acceptable, for all that watches it."
)
_FOR_EVER = typer.Option("--for-ever", help="Keep records for ever again.")
_ONNX = typer.Option("--onnx", help="The version's ONNX file.")
_SINCE = typer.Option("--since", help="Beginning of the range, as 2026-03-04 or 2026-03-04T05:06:07Z.")
_UNTIL = typer.Option("--until", help="End of the range, not itself in it.")


@_commands.command("list")
def _list_models(
    data: Annotated[Path | None, DATA] = None, database_url: Annotated[str | None, DATABASE_URL] = None
) -> None:
    """List the models."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.store.engine.database import reading
    from driftwheel.store.models.models import list_models

    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine, reading(engine) as connection:
        known = list_models(connection)
    for model in known:
        typer.echo(f"{model.name}: {model.task}, profiles by the {model.window}")
    if not known:
        typer.echo("No model is registered yet. Register one with: driftwheel models register NAME")


@_commands.command("register")
def _register_model(
    name: Annotated[str, _NAME],
    task: Annotated[str, _TASK] = "classification",
    classes: Annotated[list[str] | None, _CLASSES] = None,
    window: Annotated[str, _WINDOW] = "day",
    segments: Annotated[list[str] | None, _SEGMENTS] = None,
    embedder: Annotated[str, _EMBEDDER] = "auto",
    days: Annotated[int | None, _DAYS] = None,
    keep_images: Annotated[float, _SHARE] = 1.0,
    false_alarms_per_year: Annotated[float, _FALSE_ALARMS] = 1.0,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Register a model, so that records can be logged to it."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.clock import utc_now
    from driftwheel.services.models.register_model import NewModel, register_model

    dial = false_alarms_per_year
    new = NewModel(name, task, classes or (), window, segments or (), embedder, days, keep_images, dial)
    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        model = register_model(engine, new, by=acting_user(), now=utc_now())
    _show(model)


@_commands.command("show")
def _show_model(
    name: Annotated[str, _NAME],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Show a model, its versions and how far its records are worked on."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.store.engine.database import reading
    from driftwheel.store.models.autoencoders import list_autoencoders
    from driftwheel.store.models.models import find_model, list_versions
    from driftwheel.store.models.references import current_reference
    from driftwheel.store.records.records import last_record_time
    from driftwheel.store.windows.windows import list_windows

    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine, reading(engine) as connection:
        model = find_model(connection, name)
        versions = list_versions(connection, model.key)
        reference = current_reference(connection, model.key)
        autoencoders = list_autoencoders(connection, model.key)
        windows = list_windows(connection, model.key, tag="")
        last = last_record_time(connection, model.key)
    _show(model)
    typer.echo(
        f"reference: {'none' if reference is None else f'{reference.kind}, {reference.created:%Y-%m-%d}'}"
    )
    typer.echo(f"autoencoder: {autoencoder_words(autoencoders, reference)}")
    stale = sum(one.stale for one in windows)
    images = sum(one.records for one in windows)
    typer.echo(f"windows: {len(windows):,}, {stale:,} to be made anew; images in them: {images:,}")
    typer.echo(f"last record: {'none' if last is None else f'{last:%Y-%m-%d %H:%M:%S} UTC'}")
    for version in versions:
        artifact = "" if version.artifact is None else f", ONNX {version.artifact.hex()[:12]}"
        typer.echo(f"version {version.name}: {version.state}, {version.created:%Y-%m-%d}{artifact}")


@_commands.command("change")
def _change_model(
    name: Annotated[str, _NAME],
    classes: Annotated[list[str] | None, _CLASSES] = None,
    segments: Annotated[list[str] | None, _SEGMENTS] = None,
    embedder: Annotated[str | None, _EMBEDDER] = None,
    days: Annotated[int | None, _DAYS] = None,
    for_ever: Annotated[bool, _FOR_EVER] = False,
    keep_images: Annotated[float | None, _SHARE] = None,
    false_alarms_per_year: Annotated[float | None, _FALSE_ALARMS] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Change what is said of a model; what is left out stays."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.clock import utc_now
    from driftwheel.services.models.register_model import ModelChange, change_model

    dial = false_alarms_per_year
    wanted = ModelChange(classes, segments, embedder, days, for_ever, keep_images, dial)
    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        model = change_model(engine, name, wanted, by=acting_user(), now=utc_now())
    _show(model)


@_commands.command("add-version")
def _add_version(
    name: Annotated[str, _NAME],
    version: Annotated[str, _VERSION],
    onnx: Annotated[Path | None, _ONNX] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
) -> None:
    """Add a version to a model, with its ONNX file where there is one."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.errors import UsageError
    from driftwheel.services.clock import utc_now
    from driftwheel.services.models.register_model import add_model_version
    from driftwheel.store.files.blobs import Blobs

    try:
        file = None if onnx is None else onnx.read_bytes()
    except OSError as error:
        raise UsageError(f"'{onnx}' cannot be read: {error.strerror or error}.") from None
    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    with open_installation(settings) as engine:
        kept = Blobs.open(settings.blobs, reserve=settings.disk_reserve_bytes)
        add_model_version(engine, kept, name, version, onnx=file, by=acting_user(), now=utc_now())
    typer.echo(f"{name} has the version {version}")


@_commands.command("backfill")
def _backfill(
    name: Annotated[str, _NAME],
    since: Annotated[str, _SINCE],
    until: Annotated[str, _UNTIL],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Measure the records of a time range again, with the embedder and the reference of now.

    A worker does it.
    """
    from uuid import uuid4

    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.moments import as_moment
    from driftwheel.services.clock import utc_now
    from driftwheel.services.measure.backfill import ask_for_backfill

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        ask_for_backfill(
            engine,
            name,
            as_moment(since),
            as_moment(until),
            name=uuid4(),
            by=acting_user(),
            now=utc_now(),
        )
    typer.echo("A worker will measure these records again.")


def _show(model: Model) -> None:
    kept = "for ever" if model.retention_days is None else f"for {model.retention_days:,} days"
    typer.echo(f"{model.name}: {model.task}, registered {model.created:%Y-%m-%d}")
    typer.echo(f"classes: {', '.join(model.classes) or 'not said'}")
    typer.echo(
        f"profiles: one {'an' if model.window == 'hour' else 'a'} {model.window}, "
        f"segments by {', '.join(model.segment_tags) or 'nothing'}"
    )
    typer.echo(f"embedder: {model.embedder}")
    typer.echo(f"false alarms: at most {model.false_alarms_per_year:g} a year")
    typer.echo(f"records are kept {kept}, of their images {100 * model.keep_images:.0f} %")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    add_commands(_commands)
    app.add_typer(_commands)
