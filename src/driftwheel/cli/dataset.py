"""`driftwheel dataset`: versions of labelled images, made, seen, compared and written out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL
from driftwheel.cli.dataset_create import create
from driftwheel.cli.dataset_words import tell_left_out, version_row
from driftwheel.cli.labels import Format, losses_named, tell_lost

if TYPE_CHECKING:
    from driftwheel.store.datasets.dataset_versions import DatasetVersion

__all__ = ["Split", "diff", "export", "list_all", "register", "remove", "show"]


class Split(StrEnum):
    """What images are used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


_MODEL = typer.Argument(metavar="MODEL", help="The model's name.")
_NUMBER = typer.Argument(metavar="NUMBER", help="Number of the version.", min=1)
_OTHER = typer.Argument(metavar="OTHER", help="Number of the version that it is compared with.", min=1)
_TARGET = typer.Argument(metavar="TARGET", help="File to write; .zip for folders, .jsonl for the manifest.")
_TO_FORMAT = typer.Option("--to-format", help="Format to write; needed unless TARGET's ending says it.")
_SPLIT = typer.Option("--split", help="Only the images of this.")
_IMAGES = typer.Option("--copy-images", help="Put the images beside the labels: yolo, voc.")
_ALLOW = typer.Option(
    "--allow", help="A loss that is accepted, as an error names it; several times, or 'all'."
)
_URL = typer.Option("--image-url", help="What stands before an image's name in Label Studio files.")
_JSON = typer.Option("--json", help="Print JSON instead of a table.")
_PROGRESS = typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")

_APP = typer.Typer(help="Make dataset versions, and see what they hold.", no_args_is_help=True)
_APP.command()(create)


@_APP.command(name="list")
def list_all(
    model: Annotated[str, _MODEL],
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """List the dataset versions of a model, the newest first."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.given import quoted
    from driftwheel.cli.listing import print_rows
    from driftwheel.store.datasets.dataset_versions import list_dataset_versions
    from driftwheel.store.engine.database import reading
    from driftwheel.store.models.models import find_model

    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine, reading(engine) as connection:
        known = list_dataset_versions(connection, find_model(connection, model).key, limit=1000)
    rows = [version_row(one) for one in known]
    hint = f"Make one: driftwheel dataset create {quoted(model)}"
    print_rows("datasets", rows, as_json=as_json, below=("note", "by"), hint=hint)


@_APP.command()
def show(
    model: Annotated[str, _MODEL],
    number: Annotated[int, _NUMBER],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Show what a version holds: its digest, classes by split, who labelled, and what was left out."""
    from driftwheel.cli.listing import print_rows
    from driftwheel.datasets.example import SPLITS

    one = _version(model, number, data, database_url)
    counted = one.contents
    typer.echo(f"{model}, dataset version {one.number}: {one.images:,} images, {one.kind}")
    typer.echo(f"digest: {one.digest.hex()}")
    typer.echo(f"made: {one.created:%Y-%m-%d %H:%M} UTC by {one.by}")
    if one.removed is not None:
        typer.echo(f"removed: {one.removed:%Y-%m-%d %H:%M} UTC by {one.removed_by}")
    if one.note:
        typer.echo(f"note: {one.note}")
    given = one.made_from.get("parent")
    typer.echo(f"made of: {'no version' if given is None else 'version ' + str(given['number'])}")
    for what, counts in (("labels", counted.sources), ("people", counted.people), ("alerts", counted.alerts)):
        if counts:
            typer.echo(f"{what}: {', '.join(f'{name} {n:,}' for name, n in sorted(counts.items()))}")
    typer.echo(f"drawn to measure on: {counted.holdout:,}; groups of several images: {counted.groups:,}")
    tell_left_out(one)
    found = [*((name, counted.of_class(name)) for name in one.classes), ("all images", counted.splits)]
    rows = [{"class": name} | {split: counts[split] for split in SPLITS} for name, counts in found]
    print_rows("classes", rows, as_json=False)


@_APP.command()
def diff(
    model: Annotated[str, _MODEL],
    number: Annotated[int, _NUMBER],
    other: Annotated[int, _OTHER],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
) -> None:
    """Say how the version OTHER differs from NUMBER: images that came, went or have another label."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.services.datasets.compare_versions import compare_versions
    from driftwheel.store.datasets.dataset_versions import version_numbered
    from driftwheel.store.engine.database import reading
    from driftwheel.store.files.blobs import Blobs
    from driftwheel.store.models.models import find_model

    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    with open_installation(settings) as engine, reading(engine) as connection:
        key = find_model(connection, model).key
        before, after = (version_numbered(connection, key, one) for one in (number, other))
    found = compare_versions(Blobs.open(settings.blobs), before, after, first=3)
    counts = found.counted
    typer.echo(f"{model}, version {number} to {other}: {before.images:,} images, then {after.images:,}")
    words = {
        "added": "only in the later",
        "removed": "only in the earlier",
        "relabelled": "with another label",
        "moved": "in another split",
        "lineage": "with the same label from elsewhere",
    }
    for kind, said in words.items():
        some = found.examples[kind]  # type: ignore[index]
        n = counts.changes[kind]  # type: ignore[index]
        named = ", ".join(one.either.name for one in some)
        typer.echo(f"{n:,} {said}" + (f": {named}{', …' if n > len(some) else ''}" if n else ""))
    for (old, new), n in counts.relabelled.most_common(10):
        typer.echo(f"{n:,} × {old} became {new}")
    for (was, now), n in sorted(counts.moved.items()):
        typer.echo(f"{n:,} × {was} to {now}")
    typer.echo(f"{counts.same:,} the same")


@_APP.command()
def export(
    model: Annotated[str, _MODEL],
    number: Annotated[int, _NUMBER],
    target: Annotated[Path, _TARGET],
    to_format: Annotated[Format | None, _TO_FORMAT] = None,
    split: Annotated[Split | None, _SPLIT] = None,
    copy_images: Annotated[bool, _IMAGES] = False,
    allow: Annotated[list[str] | None, _ALLOW] = None,
    image_url: Annotated[str | None, _URL] = None,
    progress: Annotated[bool, _PROGRESS] = True,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
) -> None:
    """Write a version to a file of another tool: exactly, or not at all.

    A TARGET that ends in .jsonl is its manifest, with all that is known of each label. Images lie in folders
    train, validation and test, unless --split is given. Exit codes: 0 done, 1 it cannot be done.
    """
    from driftwheel.cli.data_options import load_settings
    from driftwheel.cli.outputs import writing
    from driftwheel.cli.progress import progress_bars
    from driftwheel.datasets.example import SPLITS
    from driftwheel.errors import UsageError
    from driftwheel.formats.label_format import SINGLE_FILES, LabelFormat, format_of_target
    from driftwheel.services.convert.write_labels import check_target, whole_file
    from driftwheel.services.datasets.export_version import VersionExport, export_manifest, export_version
    from driftwheel.store.files.blobs import Blobs

    manifest = target.suffix.lower() == ".jsonl"
    form = format_of_target(target.name) if to_format is None else LabelFormat(to_format.value)
    if form is None and not manifest:
        names = ", ".join(one.value for one in LabelFormat)
        raise UsageError(f"The format to write is not clear from '{target.name}'. Say --to-format {names}.")
    if form is not None and form not in SINGLE_FILES and target.suffix.lower() != ".zip":
        raise UsageError(f"{form.value} is many files: give a name that ends in .zip, not '{target.name}'.")
    check_target(target, is_folder=False)
    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    one = _version(model, number, data, database_url)
    stored = Blobs.open(settings.blobs)
    chosen = None if split is None else SPLITS[SPLITS.index(split.value)]
    options = VersionExport(chosen, copy_images, losses_named(allow or []), image_url)
    with progress_bars(progress) as on_progress, writing(target), whole_file(target) as out:
        if form is None:
            for piece in export_manifest(stored, one):
                out.write(piece)
            typer.echo(f"{target}: {one.images:,} images (manifest)")
            return
        done = export_version(stored, one, form, out, options, on_progress=on_progress)
    typer.echo(f"{target}: {done.images:,} images ({form.value})")
    tell_lost(done.lost)


@_APP.command()
def remove(
    model: Annotated[str, _MODEL],
    number: Annotated[int, _NUMBER],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Let go of what a version holds; its number and its digest stay.

    Images that nothing else names are deleted within a day.
    """
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.clock import utc_now
    from driftwheel.services.datasets.remove_version import remove_version

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        gone = remove_version(engine, model, number, by=acting_user(), now=utc_now())
    typer.echo(f"{model}, dataset version {gone.number} is removed: {gone.images:,} images are let go")


def _version(model: str, number: int, data: Path | None, database_url: str | None) -> DatasetVersion:
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.store.datasets.dataset_versions import version_numbered
    from driftwheel.store.engine.database import reading
    from driftwheel.store.models.models import find_model

    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine, reading(engine) as connection:
        return version_numbered(connection, find_model(connection, model).key, number)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(_APP, name="dataset")
