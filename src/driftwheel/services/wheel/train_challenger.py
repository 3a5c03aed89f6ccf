"""The step `train`: with the new labels, going on from the repair where there is one; the best goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from driftwheel.errors import DriftwheelError, UnavailableError
from driftwheel.learning.networks.classifier_file import read_classifier
from driftwheel.learning.trainers.recipe import Recipe, recipe_from
from driftwheel.services.label.projects.class_project import free_name
from driftwheel.services.train.ask_for_training import TrainingWish, ask_for_training
from driftwheel.services.train.champion import champion_of
from driftwheel.services.wheel.choose_candidate import Candidate, choose_candidate
from driftwheel.services.wheel.turn_moves import At, end, go_on, keep, moving, wait
from driftwheel.store.datasets.dataset_versions import version_by_key as dataset_by_key
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import ModelVersion, list_versions, version_by_key
from driftwheel.store.train.training_runs import (
    RunKind,
    TrainingRun,
    list_runs,
    run_by_key,
    runs_of_version,
)
from driftwheel.wheel.turn_step import WHEEL

__all__ = ["train_challenger"]

_TRIES = 2
_NOT_FOR_LABELS = {"command", "distillation"}  # it is not known that it may run; it learns of no label
_KINDS: tuple[RunKind, ...] = ("train",)


def train_challenger(at: At) -> bool:
    """Wait for the repair, train with the labels, and choose the best of both by their validation images.

    A training that crashed is tried once more; one that cannot be done ends the turn, unless there is a
    repair to go to the gate with.
    """
    with reading(at.engine) as connection:
        repair = _run(connection, at.last("repair"))
        training = _run(connection, next(reversed(at.step.made.get("training", [])), None))
    if repair is not None and repair.is_open:
        with moving(at) as connection:
            wait(
                connection, at, "training", f"The repair without labels, training {repair.key}, is under way."
            )
        return False
    failed = training is not None and training.state in {"failed", "stopped"}
    crashed = failed and training is not None and bool((training.results or {}).get("crashed"))
    tries = len(at.step.made.get("training", []))
    if training is None or (crashed and tries < _TRIES):
        return _begin(at, tries)
    if training.is_open:
        with moving(at) as connection:
            wait(connection, at, "training", f"Training {training.key} is under way.")
        return False
    return _choose(at, repair, training)


def _run(connection: Connection, key: int | None) -> TrainingRun | None:
    return None if key is None else run_by_key(connection, key)


def _begin(at: At, tries: int) -> bool:
    """Ask for the training; one that was asked for before a worker was ended is found again by its name."""
    with reading(at.engine) as connection:
        dataset = at.last("dataset")
        version = None if dataset is None else dataset_by_key(connection, dataset)
        champion = champion_of(connection, at.model)
        recipe = _recipe(connection, champion)
        taken = {one.name for one in list_versions(connection, at.model.key)}
        begun = [
            one
            for one in list_runs(connection, at.model.key, kinds=_KINDS)
            if one.by == WHEEL and one.created >= at.turn.begun and one.key not in at.made("training")
        ]
    if version is None or version.removed is not None:
        with moving(at) as connection:
            end(connection, at, "failed", "The dataset version that it had made was removed.")
        return True
    run = begun[0] if begun else None
    if run is None:
        goes_on = champion is not None and read_classifier(at.blobs.get(champion.artifact or b"")) is not None
        wish = TrainingWish(
            recipe,
            dataset=version.number,
            incremental=goes_on,
            version=free_name(f"turn-{at.turn.number}", taken),
        )
        try:
            run = ask_for_training(at.engine, at.model.name, wish, by=WHEEL, now=at.now)
        except UnavailableError:
            raise
        except DriftwheelError as error:
            return _without_training(at, str(error))
    again = " once more: the last one crashed" if tries else ""
    with moving(at) as connection:
        keep(connection, at, made={"training": [run.key]})
        wait(connection, at, "training", f"Training {run.key} is under way{again}.")
    return True


def _recipe(connection: Connection, champion: ModelVersion | None) -> Recipe:
    """Return how the champion was trained, but for its faults, which are inherited; else the default."""
    made = None if champion is None else next(iter(runs_of_version(connection, [champion.key])), None)
    known = None if made is None else recipe_from(made.recipe)
    if known is None or known.trainer in _NOT_FOR_LABELS:
        return Recipe()
    return replace(known, faults=(), fault_share=Recipe().fault_share)


def _without_training(at: At, reason: str) -> bool:
    """Go to the gate with the repair, or end: no training can be had."""
    with reading(at.engine) as connection:
        repair = _run(connection, at.last("repair"))
    return _choose(at, repair, None, reason)


def _choose(at: At, repair: TrainingRun | None, training: TrainingRun | None, lacking: str = "") -> bool:
    with reading(at.engine) as connection:
        versions = [_version(connection, one) for one in (training, repair)]
    lacking = lacking or (training.reason or "" if training is not None and training.version is None else "")
    there = [one for one in versions if one is not None]
    told = f"The training with labels failed: {lacking} " if lacking else ""
    if not there:
        stopped = training is not None and training.state == "stopped"
        with moving(at) as connection:
            reason = f"The training came to nothing: {lacking or 'it made no version.'}"
            end(connection, at, "stopped" if stopped else "failed", reason)
        return True
    begun = at.clock()
    candidates = choose_candidate(at, there)
    seconds = at.clock() - begun
    best = candidates[0]
    names = {one.key: "the repair" for one in there if versions[1] is not None and one.key == versions[1].key}
    told += _told(candidates, names)
    numbers: dict[str, Any] = {"candidates": [_plain(one) for one in candidates]}
    with moving(at) as connection:
        made = {"version": [best.version.key]}
        go_on(connection, at, "gate", told=told, made=made, found=numbers, seconds=seconds)
    return True


def _version(connection: Connection, run: TrainingRun | None) -> ModelVersion | None:
    if run is None or run.version is None or run.state != "done":
        return None
    found = version_by_key(connection, run.version)
    return None if found is None or found.artifact is None or found.state == "retired" else found


def _plain(one: Candidate) -> dict[str, Any]:
    return {
        "version": one.version.key,
        "name": one.version.name,
        "new": one.new,
        "old": one.old,
        "n_new": one.n_new,
        "n_old": one.n_old,
    }


def _told(candidates: list[Candidate], names: dict[int, str]) -> str:
    best = candidates[0]
    called = names.get(best.version.key, "trained with the labels")
    if len(candidates) == 1:
        return f"'{best.version.name}', {called}, goes to the gate."
    said = "; ".join(f"'{one.version.name}' {one.words}" for one in candidates)
    return f"'{best.version.name}', {called}, is the best to choose by and goes to the gate: {said}."
