"""`driftwheel profile`: images in, a small file without pixels out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Window", "profile", "register"]

_IMAGES = typer.Argument(
    metavar="IMAGES", help="Images: a folder, glob, list file, archive, Parquet file or URL."
)
_OUT = typer.Option("--out", "-o", help="The profile file to write, for example day1.dwp.")
_WINDOW = typer.Option("--window", help="Split by time (UTC): one profile an hour, day or week.")
_BY = typer.Option("--by", help="Split by a tag, for example camera; may be given several times.")
_REFERENCE = typer.Option(
    "--reference", help="The profile file these will be compared with: its embedder and projection are used."
)
_EMBEDDER = typer.Option(
    "--embedder", help="auto, gist, efficientnet-lite0, none, or the path of an .onnx file."
)
_FAST = typer.Option("--fast", help="Reduced decode wherever a property allows it; quicker, nearly as exact.")
_NAME_PATTERN = typer.Option(
    "--name-pattern", help="Time and tags from file names: '{camera}_{time:%Y%m%d_%H%M%S}'."
)
_TABLE = typer.Option("--table", help="Time and tags from a CSV file: image,time,…tags.")
_THREADS = typer.Option("--threads", min=1, help="Images worked on at once; all processors by default.")
_PROGRESS = typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")


class Window(StrEnum):
    """How long a window is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


def profile(
    images: Annotated[str, _IMAGES],
    out: Annotated[Path, _OUT],
    window: Annotated[Window | None, _WINDOW] = None,
    by: Annotated[list[str] | None, _BY] = None,
    reference: Annotated[Path | None, _REFERENCE] = None,
    embedder: Annotated[str, _EMBEDDER] = "auto",
    fast: Annotated[bool, _FAST] = False,
    name_pattern: Annotated[str | None, _NAME_PATTERN] = None,
    table: Annotated[str | None, _TABLE] = None,
    threads: Annotated[int | None, _THREADS] = None,
    progress: Annotated[bool, _PROGRESS] = True,
) -> None:
    """Summarise images in a small file without any pixel, to merge, show and compare later."""
    from driftwheel.cli.notes import print_note
    from driftwheel.cli.outputs import must_be_writable, writing
    from driftwheel.cli.progress import progress_bars
    from driftwheel.profiles import write_profiles
    from driftwheel.services.check.profile_images import profile_images

    must_be_writable(out)
    notes: list[str] = []
    with progress_bars(progress) as on_progress:
        profiles = profile_images(
            images,
            window=None if window is None else window.value,
            by=by or (),
            reference=reference,
            embedder=embedder,
            mode="fast" if fast else "exact",
            name_pattern=name_pattern,
            table=table,
            threads=threads,
            on_progress=on_progress,
            on_note=notes.append,
        )
    for note in notes:
        print_note(note)
    with writing(out):
        size = write_profiles(profiles, out)
    whole = profiles.whole()
    lost = sum(whole.unreadable.values())
    parts = "" if len(profiles) == 1 else f" in {len(profiles):,} windows and segments"
    unreadable = f", {lost:,} unreadable" if lost else ""
    typer.echo(f"{out}: {whole.n:,} images{unreadable}{parts}, {size:,} bytes")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(profile)
