"""Rehearse a repair: what a few images tell of each way to make up for a camera fault, in a minute or so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from driftwheel.errors import UsageError
from driftwheel.learning.adapt_normalisations import adapt_normalisations, has_normalisations
from driftwheel.learning.measure_classifier import FaultyImages
from driftwheel.learning.networks.classifier_file import read_classifier
from driftwheel.learning.trainers.trainer import Epoch
from driftwheel.services.train.repair_recipe import can_distil, repair_recipe
from driftwheel.services.train.requested_training import measure_file, some_images, train_by, work_folder
from driftwheel.services.train.training_folder import FolderWatch
from driftwheel.services.train.training_request import TrainingOutcome, TrainingRequest

__all__ = ["rehearse_repair"]

_REHEARSED = 300  # images of each split that a rehearsal learns from and measures on


def rehearse_repair(request: TrainingRequest, watch: FolderWatch) -> TrainingOutcome:
    """Repair with a few images given the fault in each way, and measure what that gains; keep the numbers."""
    start = request.start
    few = replace(
        request,
        start=None if start is None or read_classifier(start) is None else start,
        train=some_images(request.train, request.recipe.seed, _REHEARSED),
        validation=some_images(request.validation, request.recipe.seed, _REHEARSED),
        held_out=some_images(request.held_out, request.recipe.seed, _REHEARSED),
        old=None,
        checkpoint=None,
    )
    found = train_by(few, request.recipe, watch)
    results = {**measure_file(few, found.file, watch), "train": len(few.train)}
    if few.fault is not None and can_distil():
        recipe = repair_recipe("distillation", few.fault, len(few.train))
        work = replace(few, folder=work_folder(request, "distillation"))
        watch.say("Teaching the network to see a few images given the fault as it sees them without.")
        taught = train_by(work, replace(recipe, seed=request.recipe.seed), _Apart(watch))
        results["distilled"] = measure_file(few, taught.file, watch)
    champion, fault = few.champion, few.fault
    if champion is not None and fault is not None and has_normalisations(champion):
        watch.say("Adapting the champion's normalisations to images given the fault, to see what that does.")
        try:
            adapted = adapt_normalisations(
                champion, FaultyImages(few.train, fault, few.recipe.seed), threads=few.threads
            )
        except UsageError as error:
            watch.say(f"They cannot be adapted: {error}")
        else:
            results["adapted"] = measure_file(few, adapted.file, watch)
    return TrainingOutcome(None, request.recipe, results)


class _Apart:
    """Watches a training whose epochs and checkpoints are of no account: only its lines are told."""

    def __init__(self, watch: FolderWatch) -> None:
        self._watch = watch

    def seconds(self) -> float:
        return self._watch.seconds()

    def say(self, line: str) -> None:
        self._watch.say(line)

    def epoch(self, epoch: Epoch) -> None:
        self.say(f"Epoch {epoch.number}: validation loss {epoch.validation_loss:.4f}.")

    def checkpoint(self, made: Callable[[], bytes]) -> None:
        del made
