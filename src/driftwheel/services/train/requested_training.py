"""A training as it was requested: what it learns from, with which weights, and what its file is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.learning.labelled_images import FewerImages, LabelledImages
from driftwheel.learning.trainers.image_weights import image_weights
from driftwheel.learning.trainers.load_trainer import load_trainer
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.learning.trainers.trainer import TrainedClassifier, TrainingJob, TrainingWatch
from driftwheel.services.train.training_request import TrainingOutcome, TrainingRequest
from driftwheel.services.train.training_results import held_out_results

__all__ = ["job_of", "measure_file", "outcome_of", "some_images", "train_by", "work_folder"]


def train_by(request: TrainingRequest, recipe: Recipe, watch: TrainingWatch) -> TrainedClassifier:
    """Train with a recipe on all images of a request, going on from its checkpoint where there is one."""
    kept = request.checkpoint
    checkpoint = None if kept is None else kept.read_bytes()
    job = job_of(request, recipe, request.train, request.validation, work_folder(request, "work"), checkpoint)
    return load_trainer(recipe, request.command).train(job, watch)


def job_of(  # noqa: PLR0917
    request: TrainingRequest,
    recipe: Recipe,
    train: LabelledImages,
    validation: LabelledImages,
    folder: Path,
    checkpoint: bytes | None = None,
) -> TrainingJob:
    """Return what a trainer is to do with these images of a request: all of them, or some."""
    return TrainingJob(
        train,
        validation,
        _weights(request, recipe, train),
        recipe,
        folder,
        request.start,
        request.threads,
        checkpoint,
        _may_fault(request, train, validation),
    )


def measure_file(request: TrainingRequest, file: bytes, watch: TrainingWatch) -> dict[str, Any]:
    """Return what a file is worth as images are, and with the fault that it is to allow for."""
    found = {}
    for name, fault in (("clean", None), ("faulty", request.fault)):
        if name == "faulty" and fault is None:
            continue
        found[name] = held_out_results(
            file,
            request.champion,
            request.held_out,
            name=request.held_name,
            fault=fault,
            seed=request.recipe.seed,
            threads=request.threads,
            say=watch.say,
        )
    return found


def outcome_of(
    request: TrainingRequest, recipe: Recipe, found: TrainedClassifier, watch: TrainingWatch
) -> TrainingOutcome:
    """Return what a training came to: its file, with what that is worth on held-out images."""
    results = {
        **measure_file(request, found.file, watch),
        "notes": dict(found.notes),
        "train": len(request.train),
        "old": 0 if request.old is None else int(request.old.sum()),
        "validation": len(request.validation),
        "bytes": len(found.file),
    }
    return TrainingOutcome(found.file, recipe, results)


def some_images(images: LabelledImages, seed: int, most: int) -> LabelledImages:
    """Return at most so many images, as many of each class as there are, up to the same number."""
    if len(images) <= most:
        return images
    order = np.random.default_rng([seed, 51]).permutation(len(images))
    labels = images.labels[order]
    rank = np.empty(len(images), dtype=np.intp)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        rank[rows] = np.arange(len(rows))
    return FewerImages(images, np.sort(order[np.argsort(rank, kind="stable")[:most]]))


def work_folder(request: TrainingRequest, name: str) -> Path:
    """Return a folder of that name within the folder of a training; made where it is not there yet."""
    folder = request.folder / name
    folder.mkdir(exist_ok=True)
    return folder


def _weights(request: TrainingRequest, recipe: Recipe, images: LabelledImages) -> NDArray[np.float64]:
    old = request.old
    if old is not None and isinstance(images, FewerImages):
        old = old[images.rows]
    return image_weights(images.labels, balance=recipe.balance, old=old, replay=recipe.replay)


def _may_fault(
    request: TrainingRequest, train: LabelledImages, validation: LabelledImages
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    if request.may_fault is None:
        return None
    first, second = (
        flags[images.rows] if isinstance(images, FewerImages) else flags
        for flags, images in zip(request.may_fault, (train, validation), strict=True)
    )
    return first, second
