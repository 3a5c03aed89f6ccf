"""`driftwheel demo eyes`: a natural drift, from sharp and bright eyes to blurred and dark ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register_eyes"]

_DATA = typer.Option("--data", help="Folder with the folders open and closed of 'Closed Eyes in the Wild'.")
_OUT = typer.Option("--out", help="Folder for images and data; new, or one that the demo made.")
_KEEP = typer.Option("--keep", help="Leave the server up at the end, until Ctrl+C.")
_SEED = typer.Option("--seed", min=0, help="Who is learnt from, the first weights, what annotators say.")

_ROW = "{:<3}  {:>5}  {:<12}  {:<9}  {}"
_EXAM = "{:<14}  {:>20}  {:>20}"


def _eyes(
    data: Annotated[Path, _DATA],
    out: Annotated[Path, _OUT] = Path("driftwheel-demo"),
    keep: Annotated[bool, _KEEP] = False,
    seed: Annotated[int, _SEED] = 0,
) -> None:
    """Let a model that knows sharp and bright eyes meet blurred and dark ones, and the wheel turn.

    Starts a server on a free port, trains a small network by it, and asks it about eyes over HTTP. The wheel
    notices the change, chooses 80 images, has them labelled by simulated annotators, retrains, and promotes
    what the gate lets in. Needs the extra 'train' and the eyes. Takes a few minutes.
    """
    from driftwheel.cli.until_told import until_told
    from driftwheel.demo.eyes.eyes_story import tell_eyes
    from driftwheel.demo.eyes.published_eyes import read_eyes
    from driftwheel.demo.eyes.share_out_eyes import clearness, share_out_eyes

    eyes = read_eyes(data)
    typer.echo(f"Measuring {len(eyes):,} eyes of {len({one.person for one in eyes}):,} people …")
    parts = share_out_eyes(eyes, clearness(eyes), seed)
    typer.echo(
        f"The sharp and bright half: {len(parts.learnt) + len(parts.checked):,} to learn from, "
        f"{len(parts.old_test):,} to measure on.\nThe blurred and dark half, of other people: "
        f"{len(parts.production):,} in production, {len(parts.new_test):,} to measure on.\n"
    )
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()  # a day is judged when it is over
    with tell_eyes(parts, out, yesterday, seed=seed, tell=lambda step: typer.echo(f"{step} …")) as story:
        typer.echo("\n" + _ROW.format("day", "eyes", "served by", "verdict", "right*"))
        for one in story.happenings():
            if isinstance(one, str):
                typer.echo(f"     · {one}")
                continue
            said = one.predicted
            right = f"{100 * said.right / said.images:.1f} %"
            cells = (one.number, said.images, said.version, one.answer.replace("_", " "), right)
            typer.echo(_ROW.format(*cells))
            if one.moved:
                typer.echo(f"     · {one.headline} Means: {', '.join(one.moved)}.")
        heads = (f"{len(parts.old_test):,} old eyes*", f"{len(parts.new_test):,} new eyes*")
        typer.echo("\n" + _EXAM.format("version", *heads))
        for name, exam in story.exams():
            typer.echo(_EXAM.format(name, f"{100 * exam.old:.1f} %", f"{100 * exam.new:.1f} %"))
        typer.echo("\n* The truth, which the server is not told; of the new eyes nobody labelled one.")
        for turn in story.wheel.turns():
            cost = turn["cost"]
            labels, people = cost["labels"], cost["annotators"]
            minutes = [f"{cost[of] / 60:.1f} min" for of in ("people_seconds", "machine_seconds")]
            typer.echo(
                f"Turn {turn['number']} cost {labels:,} labelled images of {people} people, {minutes[0]} of "
                f"theirs and {minutes[1]} of the machine."
            )
        password = story.server.password
        if keep:
            typer.echo(
                f"\nIt stays at {story.server.url}/models/eyes/wheel until Ctrl+C: log in as admin with the "
                f"password {password}."
            )
            with until_told() as told:
                told.wait()
    typer.echo(
        f"\nTo look at it: driftwheel serve --data {out}/data, then /models/eyes/wheel, as admin with the "
        f"password {password}"
    )


def register_eyes(commands: typer.Typer) -> None:
    """Add the command to the group `driftwheel demo`."""
    commands.command("eyes")(_eyes)
