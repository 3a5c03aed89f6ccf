"""`driftwheel labels`: labels of people and of other tools."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwheel.formats.losses import Loss, Lost
    from driftwheel.services.convert.convert_labels import Converted

__all__ = [
    "APP",
    "Answers",
    "Coordinates",
    "Corners",
    "Format",
    "convert",
    "losses_named",
    "register",
    "tell_lost",
]

APP = typer.Typer(
    help="Convert labels, exchange them with a project, and label the rest of it.", no_args_is_help=True
)


class Format(StrEnum):
    """A format of labels."""

    COCO = "coco"
    YOLO = "yolo"
    VOC = "voc"
    FOLDERS = "folders"
    CSV = "csv"
    CVAT = "cvat"
    LABEL_STUDIO = "label-studio"


class Answers(StrEnum):
    """Which answer counts where an image has several."""

    ONLY = "only"
    FIRST = "first"
    LATEST = "latest"
    GOLDEN = "golden"
    HUMAN = "human"
    MODEL = "model"
    ALL = "all"


class Coordinates(StrEnum):
    """Which way up the image is that the labels are of."""

    DISPLAYED = "displayed"
    STORED = "stored"


class Corners(StrEnum):
    """What corners mean in VOC files."""

    DEVKIT = "devkit"
    EDGES = "edges"


_FROM = typer.Argument(metavar="SOURCE", help="Label file, or a folder or zip archive of labels.")
_TO = typer.Argument(metavar="TARGET", help="File, folder or .zip to write.")
_FROM_FORMAT = typer.Option("--from-format", help="Format of SOURCE; by default found out.")
_TO_FORMAT = typer.Option("--to-format", help="Format to write; needed unless TARGET ends in .csv or .xml.")
_IMAGES = typer.Option(
    "--images", help="Folder or zip archive of the images: for sizes, orientation, copies."
)
_COPY = typer.Option("--copy-images", help="Put the images beside the labels: yolo, voc.")
_ALLOW = typer.Option(
    "--allow", help="A loss that is accepted, as an error names it; several times, or 'all'."
)
_ANSWERS = typer.Option("--answers", help="Which answer counts; 'only' refuses images with several.")
_COORDINATES = typer.Option(
    "--coordinates", help="SOURCE means the image as displayed, or as stored, before EXIF."
)
_CORNERS = typer.Option(
    "--voc-corners", help="VOC corners: pixels from 1, or edges from 0 as many tools write."
)
_URL = typer.Option("--image-url", help="What stands before an image's name in Label Studio files.")
_DRY_RUN = typer.Option("--dry-run", help="Write nothing; say all that would be lost.")
_PROGRESS = typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")


@APP.command()
def convert(
    source: Annotated[Path, _FROM],
    target: Annotated[Path, _TO],
    from_format: Annotated[Format | None, _FROM_FORMAT] = None,
    to_format: Annotated[Format | None, _TO_FORMAT] = None,
    images: Annotated[Path | None, _IMAGES] = None,
    copy_images: Annotated[bool, _COPY] = False,
    allow: Annotated[list[str] | None, _ALLOW] = None,
    answers: Annotated[Answers | None, _ANSWERS] = None,
    coordinates: Annotated[Coordinates, _COORDINATES] = Coordinates.DISPLAYED,
    voc_corners: Annotated[Corners, _CORNERS] = Corners.DEVKIT,
    image_url: Annotated[str | None, _URL] = None,
    dry_run: Annotated[bool, _DRY_RUN] = False,
    progress: Annotated[bool, _PROGRESS] = True,
) -> None:
    """Convert labels from one format to another: exactly, or not at all.

    What the other format cannot say ends the conversion with the object's name, unless --allow accepts that
    loss; it is then counted. Nothing is written unless all of it is. Exit codes: 0 done, 1 it cannot be
    done; with --dry-run, 1 also when a loss is not allowed.
    """
    from driftwheel.cli.exit_codes import EXIT_ERROR, EXIT_OK
    from driftwheel.cli.outputs import writing
    from driftwheel.cli.progress import progress_bars
    from driftwheel.formats.label_format import LabelFormat
    from driftwheel.services.convert.convert_labels import LabelOptions, convert_labels

    options = LabelOptions(
        None if from_format is None else LabelFormat(from_format.value),
        None if to_format is None else LabelFormat(to_format.value),
        images,
        copy_images,
        losses_named(allow or []),
        None if answers is None else answers.value,
        coordinates.value,
        voc_corners.value,
        image_url,
    )
    with progress_bars(progress) as on_progress, writing(target):
        done = convert_labels(source, target, options, trial=dry_run, on_progress=on_progress)
    _tell(done, source, target, dry_run=dry_run)
    raise typer.Exit(EXIT_ERROR if done.refused else EXIT_OK)


def losses_named(names: list[str]) -> frozenset[Loss]:
    """Return the losses of these names, all of them for ``all``; raise `UsageError` for one that is none."""
    from driftwheel.errors import UsageError, did_you_mean
    from driftwheel.formats.losses import Loss

    known = {loss.value: loss for loss in Loss}
    if "all" in names:
        return frozenset(Loss)
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise UsageError(f"There is no loss '{name}'; there are {', '.join(known)}, and all.{hint}")
    return frozenset(known[name] for name in names)


def _tell(done: Converted, source: Path, target: Path, *, dry_run: bool) -> None:
    where = f"{source}" if dry_run else f"{target}"
    arrow = f"{done.from_format.value} → {done.to_format.value}"
    counts = [
        (done.images, "image", "images"),
        (done.answers, "answer", "answers"),
        (done.classes, "class", "classes"),
        (done.boxes, "box", "boxes"),
    ]
    told = ", ".join(f"{count:,} {one if count == 1 else several}" for count, one, several in counts)
    typer.echo(f"{where}: {told} ({arrow}{'; nothing was written' if dry_run else ''})")
    tell_lost(done.lost, done.refused)
    if done.refused:
        allow = " ".join(f"--allow {kind.value}" for kind in done.refused)
        typer.echo(f"To convert all the same, give: {allow}")


def tell_lost(lost: Sequence[Lost], refused: Sequence[Loss] = ()) -> None:
    """Print what was lost, or is worth telling, a line each."""
    from driftwheel.formats.losses import LOSS_WORDS, NOTE_WORDS, Loss

    for one in lost:
        if isinstance(one.kind, Loss):
            words = LOSS_WORDS[one.kind]
            more = "; not allowed" if one.kind in refused else ""
            typer.echo(f"lost: {one.kind.value} {one.count:,} × ({words}{more}), first {one.first}")
        else:
            typer.echo(f"note: {one.count:,} {NOTE_WORDS[one.kind]}, first {one.first}")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    from driftwheel.cli import automatic_labels, exchange_labels, label_imports, review_labels

    exchange_labels.add_commands(APP)
    label_imports.add_commands(APP)
    review_labels.add_commands(APP)
    automatic_labels.add_commands(APP)
    app.add_typer(APP, name="labels")
