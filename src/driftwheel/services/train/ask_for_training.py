"""Ask for a training or a search: looked at here, noted, and done by a worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from importlib.util import find_spec
from typing import Any

from sqlalchemy import Connection, Engine

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.learning.trainers.recipe import NO_FAULT, Recipe, TrainerName, recipe_from
from driftwheel.services.models.register_model import check_version_name
from driftwheel.services.train.champion import version_to_start
from driftwheel.services.train.training_commands import NOT_ALLOWED, command_named
from driftwheel.store.datasets.dataset_versions import DatasetVersion, newest_version, version_numbered
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import Model, ModelVersion, find_model, list_versions
from driftwheel.store.operate.audit import note
from driftwheel.store.train.training_runs import (
    TrainingRun,
    create_run,
    end_run,
    find_run,
    runs_of_version,
)

__all__ = ["TrainingWish", "ask_for_training", "check_extras", "dataset_of", "known_run", "stop_training"]

_LEAST_MINUTES, _MOST_MINUTES = 1.0, 7 * 24 * 60.0


@dataclass(frozen=True, slots=True)
class TrainingWish:
    """What is to be trained.

    Attributes
    ----------
    recipe
        How; of a search where it begins.
    dataset
        Number of the dataset version; None: the newest.
    incremental
        Go on from a version, with what it learnt from before in replay; else begin anew. Camera faults that
        the version was made to allow for are simulated further.
    start
        Name of that version; None: the champion, or the version that repairs it, see `default_start`.
    version
        Name of the version that it becomes; empty: made of the run's number.
    search_minutes
        Above 0: search for the recipe for so long, the training of the best included.
    trainers
        That a search tries.
    """

    recipe: Recipe
    dataset: int | None = None
    incremental: bool = False
    start: str | None = None
    version: str = ""
    search_minutes: float = 0.0
    trainers: tuple[TrainerName, ...] = ("linear-head", "fine-tuning", "small-network")


def ask_for_training(
    engine: Engine, model: str, wish: TrainingWish, *, by: str, now: datetime, commands_allowed: bool = False
) -> TrainingRun:
    """Note that a model is to be trained, and return the run; noted in the audit.

    Raises
    ------
    UsageError
        When the model, its dataset version or the version to go on from cannot be used, or a command is
        wished for that is not there or not allowed.
    MissingExtraError
        When what it needs is not installed here.
    """
    recipe = wish.recipe
    check_extras(recipe.trainer, *(wish.trainers if wish.search_minutes else ()))
    if wish.search_minutes and not _LEAST_MINUTES <= wish.search_minutes <= _MOST_MINUTES:
        raise UsageError(
            f"A search takes {_LEAST_MINUTES:g} minute to {_MOST_MINUTES:,.0f} minutes (7 days), not "
            f"{wish.search_minutes:g}."
        )
    if recipe.trainer == "command" and not commands_allowed:
        raise UsageError(NOT_ALLOWED)
    unsearched = {"command", "distillation"}.intersection((recipe.trainer, *wish.trainers))
    if unsearched and wish.search_minutes:
        what = "A command" if "command" in unsearched else "Distillation"
        raise UsageError(f"{what} cannot be searched over; choose another trainer to begin with.")
    with writing(engine) as connection:
        found = find_model(connection, model)
        dataset = dataset_of(connection, found, wish.dataset)
        if recipe.trainer == "command":
            command_named(connection, recipe.command)
        start = version_to_start(connection, found, wish.start) if wish.incremental else None
        if wish.version:
            _check_version(connection, found, wish.version)
        details: dict[str, Any] = {
            "version": wish.version,
            "search_minutes": wish.search_minutes,
            "trainers": list(wish.trainers),
        }
        if not recipe.faults and start is not None:
            recipe, inherited = _with_faults_of(connection, start, recipe)
            details |= inherited
        if recipe.trainer == "distillation" and not recipe.faults:
            raise UsageError(NO_FAULT)
        run = create_run(
            connection,
            found.key,
            kind="search" if wish.search_minutes else "train",
            dataset=dataset.key,
            start=None if start is None else start.key,
            recipe=recipe.plain(),
            wish=details,
            created=now,
            by=by,
        )
        told = {"run": run.key, "kind": run.kind, "dataset": dataset.number, "trainer": recipe.trainer}
        note(connection, now, by, "train model", found.name, told)
    return run


def dataset_of(connection: Connection, model: Model, number: int | None) -> DatasetVersion:
    """Return a dataset version to learn from, by default the newest.

    Raises
    ------
    UsageError
        When the model has none, or it does not say one class of each image.
    """
    if model.task != "classification":
        raise UsageError(
            f"'{model.name}' finds boxes; trainers here are for classification. Export its dataset version, "
            "train it elsewhere, and add the version."
        )
    found = (
        newest_version(connection, model.key)
        if number is None
        else version_numbered(connection, model.key, number)
    )
    if found is None:
        raise UsageError(
            f"'{model.name}' has no dataset version to learn from. Make one of its labels, or of a folder: "
            f"driftwheel dataset create {model.name}"
        )
    if found.kind != "class" or found.removed is not None:
        why = "was removed" if found.removed is not None else f"is of the kind '{found.kind}'"
        raise UsageError(
            f"The dataset version {found.number} {why}; choose one that says one class of each image."
        )
    return found


def stop_training(engine: Engine, model: str, key: int, *, by: str, now: datetime) -> None:
    """Stop a run that waits or is under way; what it has told stays.

    Raises
    ------
    UsageError
        When there is no such run, or it is over.
    """
    with writing(engine) as connection:
        found = find_model(connection, model)
        run = known_run(connection, found, key)
        if not end_run(connection, run.key, "stopped", now=now, reason=f"Stopped by {by}."):
            raise UsageError(f"The training {key} is over already.")
        note(connection, now, by, "stop training", found.name, {"run": key})


def known_run(connection: Connection, model: Model, key: int) -> TrainingRun:
    """Return the run of that key of a model; `UsageError` where there is none."""
    run = find_run(connection, model.key, key)
    if run is None:
        raise UsageError(f"'{model.name}' has no training {key}.")
    return run


def check_extras(*trainers: TrainerName) -> None:
    """Raise `MissingExtraError` where what these trainers need is not installed on this machine."""
    gradients = {"distillation", "small-network", "fine-tuning"}.intersection(trainers)
    if gradients and find_spec("torch") is None:
        raise MissingExtraError(f"The trainer {min(gradients)}", "train")
    if find_spec("onnx") is None or find_spec("onnxruntime") is None:
        raise MissingExtraError("Training", "train")


def _with_faults_of(
    connection: Connection, start: ModelVersion, recipe: Recipe
) -> tuple[Recipe, dict[str, Any]]:
    """Return the recipe with the faults that a version was made to allow for, and what else goes with them.

    Else they would be forgotten with the next training. Only images of the dataset version that were there
    when the fault was first simulated are given it: later ones may have it already.
    """
    made = next(iter(runs_of_version(connection, [start.key])), None)
    before = None if made is None else recipe_from(made.recipe)
    if made is None or before is None or not before.faults:
        return recipe, {}
    kept = {name: made.wish[name] for name in ("fault", "fault_dataset") if name in made.wish}
    return replace(recipe, faults=before.faults, fault_share=before.fault_share), kept


def _check_version(connection: Connection, model: Model, name: str) -> None:
    check_version_name(name)
    if any(one.name == name for one in list_versions(connection, model.key)):
        raise UsageError(f"'{model.name}' already has a version '{name}'; choose another name.")
