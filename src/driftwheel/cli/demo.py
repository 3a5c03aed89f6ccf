"""`driftwheel demo`: a week of images with a camera fault in it, watched by a server or checked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.demo_autoencoder import register_autoencoder

if TYPE_CHECKING:
    from driftwheel.demo.shot import Shot

__all__ = ["register"]

_commands = typer.Typer(
    name="demo",
    help="Live through a week in which a camera goes wrong: the server notices, says what, and tells you.",
    invoke_without_command=True,
    rich_markup_mode=None,
)

_OUT = typer.Option("--out", help="Folder for the images and answers; new, or one that the demo made.")
_EMBEDDER = typer.Option(
    "--embedder", help="auto, gist, efficientnet-lite0, none, or the path of an .onnx file."
)
_THREADS = typer.Option("--threads", min=1, help="Images worked on at once; all processors by default.")
_SEED = typer.Option("--seed", min=0, help="Seed of the week: which image when, and the fault.")
_PROGRESS = typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")
_KEEP = typer.Option("--keep", help="Leave the server up at the end, until Ctrl+C.")
_DATA = typer.Option(
    "--data", help="Folder with a folder of images for each class, or with train and production of those."
)
_FAULT = typer.Option("--fault", help="What happens to the right camera, a fault of the reference of faults.")

_ROW = "{:<3}  {:>6}  {:<8}  {:>8}  {:>7}  {:<32}  {}"
_LIVE_ROW = "{:<3}  {:>6}  {:<12}  {:<24}  {:>6}  {:>5}  {:>9}  {}"

_INTRODUCTION = """\
A weaving line, two cameras: the week before is the reference, then seven days of 100 images.
From day 4 on the right camera goes out of focus, a little more every day.
"""

_TEXTILE = "A weaving line, two cameras, and a model that finds defects, trained on the five days before."


@_commands.callback()
def _demo(
    context: typer.Context,
    out: Annotated[Path, _OUT] = Path("driftwheel-demo"),
    keep: Annotated[bool, _KEEP] = False,
    embedder: Annotated[str, _EMBEDDER] = "gist",
    seed: Annotated[int, _SEED] = 0,
    progress: Annotated[bool, _PROGRESS] = True,
) -> None:
    """Let a server watch a week of textile images, in which a camera is out of focus from day 4 to day 6.

    Starts a server on a free port, trains a small model, and logs its predictions over HTTP, day by day: the
    server notices what happens, names it, tells an inbox of it once, and tells once that it is over. Needs
    the extra 'demo', which brings the images. Takes two or three minutes.
    """
    if context.invoked_subcommand is not None:
        return
    from driftwheel.demo.textile_week import FAULT, plan_week, textile_images
    from driftwheel.demo.watched_week import REPAIRED

    shots = plan_week(textile_images(), seed, REPAIRED)
    _watch(
        _TEXTILE, shots, out, "textile", fault=FAULT, keep=keep, embedder=embedder, seed=seed, bars=progress
    )


@_commands.command("week")
def _week(
    data: Annotated[Path, _DATA],
    out: Annotated[Path, _OUT] = Path("driftwheel-demo"),
    fault: Annotated[str, _FAULT] = "blur",
    keep: Annotated[bool, _KEEP] = False,
    embedder: Annotated[str, _EMBEDDER] = "auto",
    seed: Annotated[int, _SEED] = 0,
    progress: Annotated[bool, _PROGRESS] = True,
) -> None:
    """Let a server watch a week of your own images, with a fault of one camera from day 4 to day 6."""
    from driftwheel.demo.folder_week import plan_folder_week
    from driftwheel.demo.watched_week import REPAIRED
    from driftwheel.images.faults import fault_named

    fault_named(fault)
    shots = plan_folder_week(data, REPAIRED, seed)
    about = f"Two cameras, and a model trained on {sum(not one.day for one in shots):,} images of {data}."
    _watch(about, shots, out, "week", fault=fault, keep=keep, embedder=embedder, seed=seed, bars=progress)


@_commands.command("check")
def _check(
    out: Annotated[Path, _OUT] = Path("driftwheel-demo"),
    embedder: Annotated[str, _EMBEDDER] = "auto",
    threads: Annotated[int | None, _THREADS] = None,
    seed: Annotated[int, _SEED] = 0,
    progress: Annotated[bool, _PROGRESS] = True,
) -> None:
    """Check a week of textile images day by day, without a server, and write a report.

    A camera goes out of focus from day 4 on. Needs the extra 'demo', which brings the images. Takes a minute
    or two.
    """
    from driftwheel.cli.progress import progress_bars
    from driftwheel.demo.check_week import check_week
    from driftwheel.demo.day_row import HEADINGS, day_row

    first = None
    with progress_bars(progress) as on_progress:
        for day in check_week(out, embedder=embedder, threads=threads, seed=seed, on_progress=on_progress):
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


def _watch(
    about: str,
    shots: tuple[Shot, ...],
    out: Path,
    model: str,
    *,
    fault: str,
    keep: bool,
    embedder: str,
    seed: int,
    bars: bool,
) -> None:
    """Watch a week and print it day by day; then say where to look."""
    from driftwheel.cli.progress import progress_bars
    from driftwheel.cli.until_told import until_told
    from driftwheel.demo.live_row import HEADINGS, live_row
    from driftwheel.demo.watched_week import watch_week

    typer.echo(f"{about}\nFrom day 4 to day 6 the right camera has a fault; in the night it is repaired.\n")
    with watch_week(
        shots,
        out,
        model,
        fault=fault,
        embedder=embedder,
        seed=seed,
        on_step=lambda step: typer.echo(f"{step} …"),
    ) as week:
        typer.echo(f"\nThe server is at {week.server.url}, user admin, password {week.server.password}\n")
        typer.echo(_LIVE_ROW.format(*HEADINGS))
        with progress_bars(bars) as on_progress:
            for day in week.days(on_progress):
                typer.echo(_LIVE_ROW.format(*live_row(day)).rstrip())
                for line in (one.title for one in day.messages[1:]):
                    typer.echo(_LIVE_ROW.format(*[""] * 7, line).rstrip())
        typer.echo(
            "\n* The server does not know it: nobody has labelled anything. Judged: after the last image."
        )
        if keep:
            typer.echo(
                f"\nThe server stays up at {week.server.url} until Ctrl+C: log in as admin with the password "
                f"{week.server.password}."
            )
            with until_told() as told:
                told.wait()
    typer.echo(f"\nLook at it again, with the same password: driftwheel serve --data {out}/data")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    register_autoencoder(_commands)
    app.add_typer(_commands)
