"""Open all that a training run needs: images, the version it goes on from, what it has done already."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from driftwheel.datasets.example import Split
from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.errors import UsageError
from driftwheel.learning.trainers.recipe import recipe_from
from driftwheel.learning.trainers.search_recipe import Tried
from driftwheel.services.datasets.open_dataset import BlobImages, OpenDataset, open_dataset
from driftwheel.services.train.champion import champion_of
from driftwheel.services.train.recent_images import recent_images
from driftwheel.services.train.training_commands import NOT_ALLOWED, command_named
from driftwheel.services.train.training_request import TrainingRequest
from driftwheel.store.datasets.dataset_versions import DatasetVersion, version_with_digest
from driftwheel.store.datasets.dataset_versions import version_by_key as dataset_by_key
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, ModelVersion, version_by_key
from driftwheel.store.train.training_runs import TrainingRun, trials_of

__all__ = ["open_training"]

_LEAST_HELD_OUT = 20


def open_training(  # noqa: PLR0917
    connection: Connection,
    blobs: Blobs,
    run: TrainingRun,
    model: Model,
    folder: Path,
    threads: int,
    *,
    commands_allowed: bool,
) -> TrainingRequest:
    """Return what the process of a run is to be given.

    Raises
    ------
    DriftwheelError
        When its dataset, a file or its command is gone, or there is too little to learn from.
    """
    recipe = recipe_from(run.recipe)
    checkpoint = None
    if run.checkpoint is not None and (data := _blob(blobs, run.checkpoint)) is not None:
        checkpoint = folder / "before"
        checkpoint.write_bytes(data)
    start = None if run.start is None else version_by_key(connection, run.start)
    champion = champion_of(connection, model)
    dataset = _dataset(connection, blobs, run, model)
    command = None
    if recipe.trainer == "command":
        if not commands_allowed:
            raise UsageError(NOT_ALLOWED)
        command = command_named(connection, recipe.command)
    held_name, held_out = _held_out(dataset)
    train = _learnt_from(connection, blobs, run, model, dataset)
    old = may_fault = None
    if dataset is not None and start is not None and start.dataset is not None:
        learnt = version_with_digest(connection, model.key, start.dataset)
        if learnt is not None:
            (old,) = _known_in(connection, blobs, model, learnt, dataset, ("train",))
    if dataset is not None and recipe.faults and run.wish.get("fault_dataset") is not None:
        clean = dataset_by_key(connection, int(run.wish["fault_dataset"]))
        if clean is not None and clean.removed is None:
            first, second = _known_in(connection, blobs, model, clean, dataset, ("train", "validation"))
            may_fault = first, second
    tried = tuple(  # one that was cut off came to nothing
        Tried(one.wish["parameters"], (one.results or {}).get("loss"))
        for one in trials_of(connection, run.key)
    )
    nothing = BlobImages(blobs, train.classes, np.empty(0, np.intp), np.empty((0, 32), np.uint8))
    return TrainingRequest(
        kind=run.kind,
        recipe=recipe,
        train=train,
        validation=nothing if dataset is None else dataset.validation,
        held_out=held_out or nothing,
        held_name=held_name,
        folder=folder,
        old=old,
        may_fault=may_fault,
        start=_file(blobs, start),
        champion=_file(blobs, champion),
        fault=_fault(run.wish),
        command=command,
        search_seconds=float(run.wish.get("search_minutes") or 0) * 60,
        trainers=tuple(run.wish.get("trainers") or ()),
        tried=tried,
        checkpoint=checkpoint,
        before=run.seconds,
        threads=threads,
    )


def _dataset(connection: Connection, blobs: Blobs, run: TrainingRun, model: Model) -> OpenDataset | None:
    if run.dataset is None:
        if run.kind == "adapt":
            return None
        raise UsageError("Its dataset version is gone.")
    version = dataset_by_key(connection, run.dataset)
    if version is None:
        raise UsageError("Its dataset version is gone.")
    return open_dataset(connection, blobs, model.name, version.number)


def _held_out(dataset: OpenDataset | None) -> tuple[str, BlobImages | None]:
    """Return what is measured on: the test split, or where that is too small the validation split."""
    if dataset is None:
        return "test", None
    test = dataset.splits["test"]
    if len(test) >= _LEAST_HELD_OUT:
        return "test", test
    return "validation", dataset.splits["validation"]


def _learnt_from(
    connection: Connection, blobs: Blobs, run: TrainingRun, model: Model, dataset: OpenDataset | None
) -> BlobImages:
    if run.kind == "adapt" or dataset is None:
        return recent_images(connection, blobs, model, run.wish)
    return dataset.splits["train"]


def _known_in(  # noqa: PLR0917
    connection: Connection,
    blobs: Blobs,
    model: Model,
    before: DatasetVersion,
    dataset: OpenDataset,
    splits: tuple[Split, ...],
) -> list[NDArray[np.bool_]]:
    """Return for each split which of its images an earlier version held, in whatever split."""
    if before.key == dataset.version.key:
        return [np.ones(len(dataset.splits[split]), dtype=np.bool_) for split in splits]
    earlier = open_dataset(connection, blobs, model.name, before.number).splits.values()
    known = {images.digest(i) for images in earlier for i in range(len(images))}
    return [
        np.array([images.digest(i) in known for i in range(len(images))], dtype=np.bool_)
        for images in (dataset.splits[split] for split in splits)
    ]


def _file(blobs: Blobs, version: ModelVersion | None) -> bytes | None:
    if version is None or version.artifact is None:
        return None
    try:
        return blobs.get(version.artifact)
    except FileNotFoundError:
        raise UsageError(f"The file of version '{version.name}' is lost; add the version anew.") from None


def _blob(blobs: Blobs, digest: bytes) -> bytes | None:
    try:
        return blobs.get(digest)
    except FileNotFoundError:
        return None


def _fault(wish: Mapping[str, Any]) -> FaultCase | None:
    plain = wish.get("fault")
    if not plain:
        return None
    return FaultCase(str(plain["fault"]), plain.get("severity"), str(plain.get("variant") or ""))
