"""`driftwheel demo`: a week of images with a camera fault in it, checked day by day."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo", "register"]

_ROW = "{:<3}  {:>6}  {:<8}  {:>8}  {:>7}  {:<32}  {}"

_INTRODUCTION = """\
A weaving line, two cameras: the week before is the reference, then seven days of 100 images.
From day 4 on the right camera goes out of focus, a little more every day.
"""


def demo(
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the images and answers; new, or one that the demo made.")
    ] = Path("driftwheel-demo"),
    embedder: Annotated[
        str,
        typer.Option(
            "--embedder", help="auto, gist, efficientnet-lite0, none, or the path of an .onnx file."
        ),
    ] = "auto",
    threads: Annotated[
        int | None,
        typer.Option("--threads", min=1, help="Images worked on at once; all processors by default."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Seed of the week: which image when, and the fault.")
    ] = 0,
    progress: Annotated[
        bool, typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")
    ] = True,
) -> None:
    """Check a week of textile images, in which a camera goes out of focus from day 4 on, day by day.

    Needs the extra 'demo', which brings the images. Takes a minute or two.
    """
    from driftwheel.cli.progress import progress_bars
    from driftwheel.demo.day_row import HEADINGS, day_row
    from driftwheel.demo.run_demo import run_demo

    first = None
    with progress_bars(progress) as on_progress:
        for day in run_demo(out, embedder=embedder, threads=threads, seed=seed, on_progress=on_progress):
            if day.day == 1:
                typer.echo(_INTRODUCTION)
                typer.echo(_ROW.format("day", *HEADINGS))
            typer.echo(_ROW.format(day.day, *day_row(day.check)).rstrip())
            first = first or (day if day.report else None)
    if first is None:
        typer.echo(
            "\nNo day shows drift, though four should: please report it, with the seed and the embedder."
        )
        return
    typer.echo(f"\nDay {first.day} is the first with drift. Open its report:\n\n  {first.report}\n")
    typer.echo("Then ask about another day, or about images of your own:\n")
    typer.echo(f"  driftwheel check {out}/reference {out}/day-7 --report day-7.html")
    typer.echo("  driftwheel check REFERENCE CURRENT --report report.html")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(demo)
