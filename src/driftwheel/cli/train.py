"""`driftwheel train` and `driftwheel trainings`: let a worker train a model, and see what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from driftwheel.cli.listing import Cell
    from driftwheel.services.train.describe_training import RunDescription

__all__ = ["register", "train", "trainings"]

_LOOK_SECONDS = 1.0

_MODEL = typer.Argument(metavar="MODEL", help="The model's name.")
_TRAINER = typer.Option("--trainer", help="linear-head, distillation, fine-tuning, small-network or command.")
_LAYERS = typer.Option("--layers", help="Of fine-tuning: auto, all, first or last.")
_DATASET = typer.Option("--dataset", min=1, help="Number of the dataset version; by default the newest.")
_INCREMENTAL = typer.Option("--incremental", help="Go on from a version, with replay of what it learnt from.")
_START = typer.Option(
    "--start", metavar="VERSION", help="That version; by default the champion, or what repairs it."
)
_COMMAND = typer.Option("--command", metavar="NAME", help="Of the trainer 'command': which one.")
_SIDE = typer.Option("--side", help="Of the images that the network reads, in pixels: a multiple of 32.")
_EPOCHS = typer.Option("--epochs", help="Times every image is seen, at most.")
_RATE = typer.Option("--rate", help="The highest learning rate; by default what suits.")
_SEED = typer.Option("--seed", help="The same recipe, images and seed give the same version.")
_FAULT = typer.Option(
    "--fault",
    metavar="FAULT:SEVERITY",
    help="A camera fault that half of the images are given; may be repeated.",
)
_SEARCH = typer.Option("--search", metavar="MINUTES", help="Search for the best recipe for so long.")
_VERSION = typer.Option("--version", metavar="NAME", help="Of the version it becomes.")
_WAIT = typer.Option("--wait", help="Print the log as it comes, until the training is over.")
_RUN = typer.Option("--run", metavar="NUMBER", help="Show one training with its log.")
_STOP = typer.Option("--stop", metavar="NUMBER", help="Stop a training that waits or is under way.")
_JSON = typer.Option("--json", help="Print JSON instead of a table.")


def train(
    model: Annotated[str, _MODEL],
    trainer: Annotated[str, _TRAINER] = "linear-head",
    layers: Annotated[str, _LAYERS] = "auto",
    dataset: Annotated[int | None, _DATASET] = None,
    incremental: Annotated[bool, _INCREMENTAL] = False,
    start: Annotated[str | None, _START] = None,
    command: Annotated[str, _COMMAND] = "",
    side: Annotated[int | None, _SIDE] = None,
    epochs: Annotated[int, _EPOCHS] = 20,
    rate: Annotated[float | None, _RATE] = None,
    seed: Annotated[int, _SEED] = 0,
    fault: Annotated[list[str] | None, _FAULT] = None,
    search: Annotated[float, _SEARCH] = 0.0,
    version: Annotated[str, _VERSION] = "",
    wait: Annotated[bool, _WAIT] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Let a worker train a model on a dataset version; it becomes a version that the gate may let in.

    The linear head takes seconds to minutes; what learns by gradients needs the extra 'train' on the worker.
    With --wait the exit code is 1 when the training fails or is stopped.
    """
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.learning.trainers.recipe import recipe_from
    from driftwheel.services.clock import utc_now
    from driftwheel.services.train.ask_for_training import TrainingWish, ask_for_training

    recipe = recipe_from(
        {
            "trainer": trainer,
            "layers": layers,
            "command": command,
            "side": side,
            "epochs": epochs,
            "learning_rate": rate,
            "seed": seed,
            "faults": [_fault(one) for one in fault or ()],
        }
    )
    wish = TrainingWish(
        recipe, dataset, incremental or start is not None, start, version, search_minutes=search
    )
    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine:
        run = ask_for_training(
            engine, model, wish, by=acting_user(), now=utc_now(), commands_allowed=settings.training_commands
        )
        if wait:
            _follow(engine, model, run.key)
            return
    typer.echo(
        f"A worker will do training {run.key}. How far it is: driftwheel trainings {model} --run {run.key}"
    )


def trainings(
    model: Annotated[str, _MODEL],
    run: Annotated[int | None, _RUN] = None,
    stop: Annotated[int | None, _STOP] = None,
    as_json: Annotated[bool, _JSON] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """List the trainings of a model, the newest first; show one, or stop it."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.listing import print_rows
    from driftwheel.services.clock import utc_now
    from driftwheel.services.train.ask_for_training import known_run, stop_training
    from driftwheel.services.train.describe_training import describe_runs
    from driftwheel.store.engine.database import reading
    from driftwheel.store.models.models import find_model
    from driftwheel.store.train.training_lines import lines_of
    from driftwheel.store.train.training_runs import list_runs

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        if stop is not None:
            stop_training(engine, model, stop, by=acting_user(), now=utc_now())
            typer.echo(f"Training {stop} is stopped.")
            return
        with reading(engine) as connection:
            found = find_model(connection, model)
            if run is None:
                known = describe_runs(connection, list_runs(connection, found.key))
                print_rows("trainings", [_row(one) for one in known], as_json=as_json)
                return
            (one,) = describe_runs(connection, [known_run(connection, found, run)])
            lines = lines_of(connection, run, limit=10_000)
        print_rows("trainings", [_row(one)], as_json=as_json)
    if not as_json:
        for line in lines:
            typer.echo(line.text)
        if one.run.reason:
            typer.echo(one.run.reason)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("train")(train)
    app.command("trainings")(trainings)


def _follow(engine: Engine, model: str, key: int) -> None:
    """Print the log of a run until it is over."""
    import time

    from driftwheel.errors import DriftwheelError
    from driftwheel.store.engine.database import reading
    from driftwheel.store.train.training_lines import lines_of
    from driftwheel.store.train.training_runs import run_by_key

    typer.echo(f"Training {key} of {model} waits for a worker.")
    after = -1
    while True:
        with reading(engine) as connection:
            run = run_by_key(connection, key)
            lines = lines_of(connection, key, after=after)
        for line in lines:
            after = line.number
            typer.echo(line.text)
        if run is None or not run.is_open:
            break
        time.sleep(_LOOK_SECONDS)
    if run is None or run.state != "done":
        reason = "it was deleted." if run is None else f"it is {run.state}: {run.reason}"
        raise DriftwheelError(f"Training {key} left no version: {reason}")


def _fault(text: str) -> dict[str, Any]:
    name, _, grade = text.partition(":")
    severity = int(grade) if grade.isascii() and grade.isdecimal() else grade or None
    return {"fault": name, "severity": severity}


def _row(one: RunDescription) -> dict[str, Cell]:
    run, recipe = one.run, one.recipe
    return {
        "run": run.key,
        "kind": run.kind,
        "state": run.state,
        "trainer": recipe.trainer,
        "dataset": one.dataset,
        "start": one.start,
        "accuracy": None if one.accuracy is None else f"{one.accuracy:.4f}",
        "seconds": round(run.seconds),
        "version": one.version,
        "created": f"{run.created:%Y-%m-%d %H:%M}",
    }
