"""`driftwheel labels export` and `import`: labels of a project, to and from files of other tools."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL
from driftwheel.cli.labels import Answers, Format, losses_named, tell_lost

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from driftwheel.services.exchange.import_count import Imported
    from driftwheel.store.labels.projects import Project

__all__ = ["As", "What", "add_commands", "pool_named"]


class What(StrEnum):
    """What of a project's labels is written."""

    CONSENSUS = "consensus"
    ANSWERS = "answers"


class As(StrEnum):
    """What labels of a file become."""

    CONSENSUS = "consensus"
    GOLDEN = "golden"
    TRAINING = "training"
    EXAM = "exam"
    PRELABELS = "prelabels"
    IMAGES = "images"


_PROJECT = typer.Argument(metavar="PROJECT", help="The project's name, or its key.")
_TARGET = typer.Argument(metavar="TARGET", help="File to write; a .zip for formats that are folders.")
_SOURCE = typer.Argument(metavar="SOURCE", help="Label file, or a folder or zip archive of labels.")
_TO_FORMAT = typer.Option("--to-format", help="Format to write; needed unless TARGET ends in .csv or .xml.")
_FROM_FORMAT = typer.Option("--from-format", help="Format of SOURCE; by default found out.")
_WHAT = typer.Option("--what", help="The one label of each image, or all answers with who gave them.")
_POOLS = typer.Option("--pool", help="Only of this pool, by its name; several times.")
_POOL = typer.Option("--pool", help="The pool, by its name; needed where the project has several.")
_AUTOMATIC = typer.Option("--automatic/--no-automatic", help="Also labels that were accepted automatically.")
_GOLDEN = typer.Option("--golden", help="Also golden tasks, with their truth.")
_IMAGES = typer.Option("--copy-images", help="Put the images beside the labels: yolo, voc.")
_ALLOW = typer.Option(
    "--allow", help="A loss that is accepted, as an error names it; several times, or 'all'."
)
_AS = typer.Option(
    "--as",
    help="Finished labels; golden, training or exam tasks; pre-labels that annotators are shown; or only the "
    "images, to be labelled.",
)
_ALONG = typer.Option("--with-images", help="Images of SOURCE that nothing is known of yet come along.")
_CHECK = typer.Option("--check", help="Only say what would be done.")
_ANSWERS = typer.Option("--answers", help="Which answer counts; 'only' refuses images with several.")
_URL = typer.Option("--image-url", help="What stands before an image's name in Label Studio files.")
_PROGRESS = typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")


def _export(
    project: Annotated[str, _PROJECT],
    target: Annotated[Path, _TARGET],
    to_format: Annotated[Format | None, _TO_FORMAT] = None,
    what: Annotated[What, _WHAT] = What.CONSENSUS,
    pools: Annotated[list[str] | None, _POOLS] = None,
    automatic: Annotated[bool, _AUTOMATIC] = True,
    golden: Annotated[bool, _GOLDEN] = False,
    copy_images: Annotated[bool, _IMAGES] = False,
    allow: Annotated[list[str] | None, _ALLOW] = None,
    image_url: Annotated[str | None, _URL] = None,
    progress: Annotated[bool, _PROGRESS] = True,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
) -> None:
    """Write the labels of a project to a file of another tool: exactly, or not at all.

    What the format cannot say ends it with the object's name, unless --allow accepts that loss. Images are
    called by the ids of their records. Exit codes: 0 done, 1 it cannot be done.
    """
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.outputs import writing
    from driftwheel.cli.progress import progress_bars
    from driftwheel.errors import UsageError
    from driftwheel.formats.label_format import SINGLE_FILES, LabelFormat, format_of_target
    from driftwheel.services.convert.write_labels import check_target, whole_file
    from driftwheel.services.exchange.export_labels import ExportOptions, export_labels
    from driftwheel.store.engine.database import reading
    from driftwheel.store.files.blobs import Blobs
    from driftwheel.store.labels.projects import project_named

    form = format_of_target(target.name) if to_format is None else LabelFormat(to_format.value)
    if form is None:
        names = ", ".join(one.value for one in LabelFormat)
        raise UsageError(f"The format to write is not clear from '{target.name}'. Say --to-format {names}.")
    if form not in SINGLE_FILES and target.suffix.lower() != ".zip":
        raise UsageError(f"{form.value} is many files: give a name that ends in .zip, not '{target.name}'.")
    check_target(target, is_folder=False)
    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    with open_installation(settings) as engine:
        with reading(engine) as connection:
            found = project_named(connection, project)
            keys = None if pools is None else tuple(pool_named(connection, found, one) for one in pools)
        options = ExportOptions(
            what.value,
            keys,
            automatic=automatic,
            golden=golden,
            images=copy_images,
            allow=losses_named(allow or []),
            image_url=image_url,
        )
        stored = Blobs.open(settings.blobs)
        with progress_bars(progress) as on_progress, writing(target), whole_file(target) as out:
            done = export_labels(engine, stored, found.key, form, out, options, on_progress=on_progress)
    typer.echo(f"{target}: {done.images:,} images, {done.answers:,} answers ({form.value})")
    tell_lost(done.lost)


def _import(
    source: Annotated[Path, _SOURCE],
    project: Annotated[str, _PROJECT],
    what: Annotated[As, _AS],
    pool: Annotated[str | None, _POOL] = None,
    from_format: Annotated[Format | None, _FROM_FORMAT] = None,
    answers: Annotated[Answers | None, _ANSWERS] = None,
    allow: Annotated[list[str] | None, _ALLOW] = None,
    image_url: Annotated[str | None, _URL] = None,
    with_images: Annotated[bool, _ALONG] = False,
    check: Annotated[bool, _CHECK] = False,
    progress: Annotated[bool, _PROGRESS] = True,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
) -> None:
    """Read labels of a file into a pool of a project, and say which images gave nothing, and why.

    Images are joined to records by name: the record's id, with or without the ending of an image, with or
    without folders. Labels that people gave stay. What came of it can be undone: driftwheel labels imports.
    Exit codes: 0 done, 1 it cannot be done, or no label of the file was taken.
    """
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.exit_codes import EXIT_ERROR, EXIT_OK
    from driftwheel.cli.progress import progress_bars
    from driftwheel.formats.label_format import LabelFormat
    from driftwheel.services.clock import utc_now
    from driftwheel.services.convert.label_options import LabelOptions
    from driftwheel.services.exchange.brought_images import Bringing
    from driftwheel.services.exchange.import_labels import check_labels, import_labels
    from driftwheel.store.engine.database import reading
    from driftwheel.store.files.blobs import Blobs
    from driftwheel.store.labels.projects import project_named

    options = LabelOptions(
        from_format=None if from_format is None else LabelFormat(from_format.value),
        answers=None if answers is None else answers.value,
        allow=losses_named(allow or []),
        image_url=image_url,
    )
    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    with open_installation(settings) as engine:
        with reading(engine) as connection:
            found = project_named(connection, project)
            key = pool_named(connection, found, pool)
        along = with_images or what is As.IMAGES
        bringing = Bringing(Blobs.open(settings.blobs), settings) if along else None
        now = utc_now()
        with progress_bars(progress) as on_progress:
            if check:
                done = check_labels(
                    engine,
                    found.key,
                    key,
                    source,
                    what.value,
                    now=now,
                    options=options,
                    bringing=bringing,
                    on_progress=on_progress,
                )
            else:
                done = import_labels(
                    engine,
                    found.key,
                    key,
                    source,
                    what.value,
                    by=acting_user(),
                    now=now,
                    options=options,
                    bringing=bringing,
                    on_progress=on_progress,
                )
    _tell(source, done)
    raise typer.Exit(EXIT_OK if done.taken or not done.images else EXIT_ERROR)


def _tell(source: Path, done: Imported) -> None:
    from driftwheel.services.exchange.import_count import WHY_WORDS

    if done.form is None:
        typer.echo(f"{source}: {done.images:,} images, {done.brought:,} new tasks")
    else:
        told = f"{done.images:,} images, {done.taken:,} labels taken, {done.added:,} new tasks"
        along = f", {done.brought:,} images to be labelled" if done.brought else ""
        typer.echo(f"{source}: {told}{along} ({done.form.value})")
    for one in done.not_joined:
        first = ", ".join(one.names[:3])
        typer.echo(f"left out: {one.count:,}: {WHY_WORDS[one.why]} ({first}{', …' if one.count > 3 else ''})")
    if done.unknown_classes:
        named = ", ".join(f"{name} ({n:,})" for name, n in done.unknown_classes.items())
        typer.echo(f"classes that the project has not: {named}")
    tell_lost(done.lost)
    if done.key:
        typer.echo(f"import {done.key}; to take it back: driftwheel labels imports PROJECT --undo {done.key}")


def pool_named(connection: Connection, project: Project, name: str | None) -> int:
    """Return the key of a pool by its name, or of the only one; raise `UsageError` where that is none."""
    from driftwheel.errors import UsageError, did_you_mean
    from driftwheel.store.labels.pools import list_pools

    known = {one.name: one.key for one in list_pools(connection, project.key)}
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name in known:
        return known[name]
    names = ", ".join(known) or "none yet"
    hint = "" if name is None else did_you_mean(name, known)
    asked = "Name the pool: --pool" if name is None else f"There is no pool '{name}'"
    raise UsageError(f"{asked}; '{project.name}' has {names}.{hint}")


def add_commands(app: typer.Typer) -> None:
    """Add the two commands to those of labels."""
    app.command("export")(_export)
    app.command("import")(_import)
