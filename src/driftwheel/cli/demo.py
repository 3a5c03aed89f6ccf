"""`driftwheel demo`: days in which a camera goes wrong and the wheel turns, or a week checked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwheel.cli.demo_autoencoder import register_autoencoder
from driftwheel.cli.demo_eyes import register_eyes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from driftwheel.demo.story_plan import StoryPlan

__all__ = ["register"]

_commands = typer.Typer(
    name="demo",
    help="Live through days in which a camera goes wrong: the server notices, asks people, and repairs.",
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
_SEVERITY = typer.Option("--severity", min=1, max=5, help="How grave that is.")
_PER_DAY = typer.Option("--per-day", min=40, help="Images a day; fewer where there are not enough.")

_ROW = "{:<3}  {:>6}  {:<8}  {:>8}  {:>7}  {:<32}  {}"

_NAMED = 6
"""Classes that are named one by one, at most."""

_SHOWN = 5
"""Unreadable images that are named one by one, at most."""

_INTRODUCTION = """\
A weaving line, two cameras: the week before is the reference, then seven days of 100 images.
From day 4 on the right camera goes out of focus, a little more every day.
"""

_TEXTILE = "A weaving line, two cameras, and a model that tells good cloth from cloth that is woven wrong."


@_commands.callback()
def _demo(
    context: typer.Context,
    out: Annotated[Path, _OUT] = Path("driftwheel-demo"),
    keep: Annotated[bool, _KEEP] = False,
    embedder: Annotated[str, _EMBEDDER] = "gist",
    seed: Annotated[int, _SEED] = 0,
    progress: Annotated[bool, _PROGRESS] = True,
) -> None:
    """Live through nine days on a weaving line, in which a camera goes wrong and the wheel turns.

    Starts a server on a free port, trains a model on textile images by it, and has it answer over HTTP, day
    by day. From day 4 on a camera is out of focus: the server alerts and says why, simulated annotators label
    what the wheel asks for, the model is repaired and retrained, and the gate lets the better one in. Ends
    with a table of the days and the address of the dashboard. Needs the extras 'demo', which brings
    the images, and 'embed'. Takes some minutes on two processors.
    """
    if context.invoked_subcommand is not None:
        return
    from driftwheel.demo.textile_story import FAULT, GATE, POLICY, RECIPE, plan_textile_story
    from driftwheel.demo.textile_week import textile_images
    from driftwheel.demo.write_week import TEXTILE

    plan = plan_textile_story(textile_images(), _yesterday(), seed)
    settings: dict[str, Any] = {"fault": FAULT, "recipe": RECIPE, "policy": POLICY, "gate": GATE}
    settings |= {"embedder": embedder, "seed": seed, "terms": TEXTILE}
    _tell_story(_TEXTILE, plan, out, "textile", settings, keep=keep, bars=progress)


@_commands.command("week")
def _week(
    data: Annotated[Path, _DATA],
    out: Annotated[Path, _OUT] = Path("driftwheel-demo"),
    fault: Annotated[str, _FAULT] = "blur",
    severity: Annotated[int, _SEVERITY] = 4,
    per_day: Annotated[int, _PER_DAY] = 150,
    keep: Annotated[bool, _KEEP] = False,
    embedder: Annotated[str, _EMBEDDER] = "auto",
    seed: Annotated[int, _SEED] = 0,
    progress: Annotated[bool, _PROGRESS] = True,
) -> None:
    """Live through the same days with your own images: any folder with a folder of images for each class."""
    from driftwheel.cli.progress import progress_bars
    from driftwheel.demo.folder_story import folder_settings, plan_folder_story
    from driftwheel.demo.readable_plan import readable_plan
    from driftwheel.demo.write_week import check_folder
    from driftwheel.images.faults import fault_named

    fault_named(fault)
    check_folder(out)
    plan = plan_folder_story(data, _yesterday(), seed, severity=severity, per_day=per_day)
    with progress_bars(progress) as on_progress:
        plan, unreadable = readable_plan(plan, on_progress)
    for line in unreadable[:_SHOWN]:
        typer.echo(f"Left out, as it cannot be read: {line}")
    if len(unreadable) > _SHOWN:
        typer.echo(f"And {len(unreadable) - _SHOWN:,} more.")
    settings = folder_settings(plan) | {"fault": fault, "embedder": embedder, "seed": seed}
    about = f"Two cameras, and a model that {_tells(plan.classes)}, of the images of {data}."
    _tell_story(about, plan, out, "week", settings, keep=keep, bars=progress)


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


def _tell_story(
    about: str,
    plan: StoryPlan,
    out: Path,
    model: str,
    settings: Mapping[str, Any],
    *,
    keep: bool,
    bars: bool,
) -> None:
    """Tell the story day by day; then what it came to, and where to look."""
    from driftwheel.cli.progress import progress_bars
    from driftwheel.cli.until_told import until_told
    from driftwheel.demo.story import tell_story
    from driftwheel.demo.story_table import day_lines, heading, story_lines, turn_lines, version_lines

    fault = f"{settings['fault'].replace('_', ' ')}, severity {plan.severity}"
    typer.echo(f"{about}\nFrom day {plan.schedule.damaged} on the right camera has a fault: {fault}.\n")
    with tell_story(plan, out, model, tell=lambda step: typer.echo(f"{step} …"), **settings) as story:
        typer.echo(f"\nThe server is at {story.server.url}, user admin, password {story.server.password}\n")
        typer.echo(heading())
        days = []
        with progress_bars(bars) as on_progress:
            for day in story.days(on_progress):
                days.append(day)
                typer.echo("\n".join(day_lines(day)))
        typer.echo("\nIn the end, with all labels:\n")
        typer.echo("\n".join(story_lines(days, story.figures_by_day())))
        typer.echo("\n* Nobody has told the server: the demo knows what each image shows.")
        typer.echo("– It cannot be told: by scores alone, or as nobody has labelled images of that day.\n")
        typer.echo("\n".join(version_lines(story.versions())) + "\n")
        for turn in story.wheel.turns():
            typer.echo("\n".join(turn_lines(turn)))
        if keep:
            typer.echo(
                f"\nThe dashboard stays at {story.server.url}/models/{model}/wheel until Ctrl+C: log in as "
                f"admin with the password {story.server.password}."
            )
            with until_told() as told:
                told.wait()
    typer.echo(
        f"\nThe dashboard, with the same password: driftwheel serve --data {out}/data, and there "
        f"/models/{model}/wheel"
    )


def _tells(classes: Sequence[str]) -> str:
    """Say what a model of these classes does."""
    if len(classes) == 2:
        return f"tells {classes[0]} from {classes[1]}"
    if len(classes) > _NAMED:
        return f"tells {len(classes)} classes apart"
    return f"tells {', '.join(classes[:-1])} and {classes[-1]} apart"


def _yesterday() -> date:
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) - timedelta(days=1)).date()


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    register_autoencoder(_commands)
    register_eyes(_commands)
    app.add_typer(_commands)
