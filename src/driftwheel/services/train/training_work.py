"""Train: what is done in the process of a training, from its request to its outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.learning.adapt_normalisations import adapt_normalisations, has_normalisations
from driftwheel.learning.labelled_images import FewerImages, LabelledImages
from driftwheel.learning.measure_classifier import FaultyImages
from driftwheel.learning.networks.classifier_file import read_classifier
from driftwheel.learning.trainers.image_weights import image_weights
from driftwheel.learning.trainers.load_trainer import load_trainer
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.learning.trainers.search_recipe import Tried, recipe_of, search_recipe
from driftwheel.learning.trainers.trainer import Epoch, TrainedClassifier, TrainingJob, TrainingWatch
from driftwheel.services.train.repair_recipe import can_distil, repair_recipe
from driftwheel.services.train.training_folder import FolderWatch
from driftwheel.services.train.training_request import TrainingOutcome, TrainingRequest
from driftwheel.services.train.training_results import held_out_results

__all__ = ["train_as_requested"]

_REHEARSED = 300  # images of each split that a rehearsal learns from and measures on
_TRIED = 2000  # images that one trial of a search learns from
_FULL_SHARE = 0.5  # of a search's time is left for the training in full


class _TrialOver(Exception):  # noqa: N818  it is no error
    """A trial has shown enough, or there is no time left for it."""


def train_as_requested(request: TrainingRequest) -> TrainingOutcome:
    """Do a training, and tell of it in its folder.

    Raises
    ------
    DriftwheelError
        When it cannot be done; the message says why.
    """
    watch = FolderWatch(request.folder, request.before)
    if request.kind == "adapt":
        return _adapted(request, watch)
    if request.kind == "search":
        return _searched(request, watch)
    if request.kind == "rehearsal":
        return _rehearsed(request, watch)
    found = _trained(request, request.recipe, watch)
    return _outcome(request, request.recipe, found, watch)


def _trained(request: TrainingRequest, recipe: Recipe, watch: TrainingWatch) -> TrainedClassifier:
    kept = request.checkpoint
    job = TrainingJob(
        request.train,
        request.validation,
        _weights(request, recipe, request.train),
        recipe,
        _made(request, "work"),
        request.start,
        request.threads,
        None if kept is None else kept.read_bytes(),
        _may_fault(request, request.train, request.validation),
    )
    return load_trainer(recipe, request.command).train(job, watch)


def _outcome(
    request: TrainingRequest, recipe: Recipe, found: TrainedClassifier, watch: FolderWatch
) -> TrainingOutcome:
    results = {
        **_measured(request, found.file, watch),
        "notes": dict(found.notes),
        "train": len(request.train),
        "old": 0 if request.old is None else int(request.old.sum()),
        "validation": len(request.validation),
        "bytes": len(found.file),
    }
    return TrainingOutcome(found.file, recipe, results)


def _measured(request: TrainingRequest, file: bytes, watch: FolderWatch) -> dict[str, Any]:
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


def _adapted(request: TrainingRequest, watch: FolderWatch) -> TrainingOutcome:
    if request.start is None:
        raise UsageError("There is no version to adapt.")
    watch.say(f"Looking at {len(request.train):,} recent images without their labels.")
    done = adapt_normalisations(request.start, request.train, threads=request.threads)
    watch.say(f"Adapted {done.normalisations} normalisations; their means moved by {done.moved:.2f} σ.")
    measured = _measured(request, done.file, watch) if len(request.held_out) else {}
    notes = {"normalisations": done.normalisations, "moved": done.moved}
    results = {**measured, "notes": notes, "images": len(request.train), "bytes": len(done.file)}
    return TrainingOutcome(done.file, request.recipe, results)


def _rehearsed(request: TrainingRequest, watch: FolderWatch) -> TrainingOutcome:
    """Repair with a few images given the fault in each way, and measure what that gains; keep the numbers."""
    start = request.start
    few = replace(
        request,
        start=None if start is None or read_classifier(start) is None else start,
        train=_some(request.train, request.recipe.seed),
        validation=_some(request.validation, request.recipe.seed),
        held_out=_some(request.held_out, request.recipe.seed),
        old=None,
        checkpoint=None,
    )
    found = _trained(few, request.recipe, watch)
    results = {**_measured(few, found.file, watch), "train": len(few.train)}
    if few.fault is not None and can_distil():
        recipe = repair_recipe("distillation", few.fault, len(few.train))
        work = replace(few, folder=_made(request, "distillation"))
        watch.say("Teaching the network to see a few images given the fault as it sees them without.")
        taught = _trained(work, replace(recipe, seed=request.recipe.seed), _Apart(watch))
        results["distilled"] = _measured(few, taught.file, watch)
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
            results["adapted"] = _measured(few, adapted.file, watch)
    return TrainingOutcome(None, request.recipe, results)


def _searched(request: TrainingRequest, watch: FolderWatch) -> TrainingOutcome:
    """Try recipes for a part of the time, then train the best of them in full."""
    budget = request.search_seconds * (1 - _FULL_SHARE)
    train = _some(request.train, request.recipe.seed, _TRIED)
    validation = _some(request.validation, request.recipe.seed, _TRIED)

    def attempt(
        number: int,
        recipe: Recipe,
        parameters: Mapping[str, Any],
        behind: Callable[[int, float], bool],
    ) -> float | None:
        trial = _TrialWatch(watch, number, budget, behind)
        watch.tell({"trial": number, "recipe": recipe.plain(), "parameters": dict(parameters)})
        weights = _weights(request, recipe, train)
        folder = _made(request, f"trial-{number}")
        state, reason = "done", None
        try:
            job = TrainingJob(
                train,
                validation,
                weights,
                recipe,
                folder,
                request.start,
                request.threads,
                may_fault=_may_fault(request, train, validation),
            )
            load_trainer(recipe).train(job, trial)
        except _TrialOver as over:
            state, reason = "stopped", str(over)
        except DriftwheelError as error:
            state, reason = "failed", str(error)
        finally:
            for file in folder.iterdir():
                file.unlink()
        ended = {"loss": trial.loss, "state": state, "reason": reason, "seconds": trial.spent()}
        watch.tell({"trial": number, "ended": ended})
        return trial.loss

    tried = search_recipe(
        request.recipe,
        attempt,
        trainers=request.trainers,
        budget=budget,
        seconds=watch.seconds,
        tried=request.tried,
        seed=request.recipe.seed,
        incremental=request.start is not None,
    )
    ranked = [(one.loss, number) for number, one in enumerate(tried) if one.loss is not None]
    if not ranked:
        raise UsageError("No trial of the search came to anything; its log says why each did not.")
    best = tried[min(ranked)[1]]
    recipe = _in_full(request.recipe, best)
    watch.say(f"Trial {min(ranked)[1] + 1} of {len(tried)} is the best; it is trained in full.")
    found = _trained(request, recipe, watch)
    done = _outcome(request, recipe, found, watch)
    return replace(done, results={**done.results, "trials": len(tried), "best": min(ranked)[1]})


def _in_full(start: Recipe, best: Tried) -> Recipe:
    return replace(recipe_of(start, best.parameters), epochs=start.epochs) if best.parameters else start


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


class _TrialWatch:
    """Watches a trial: tells its epochs as the trial's, and ends it when it is behind or out of time."""

    def __init__(
        self, watch: FolderWatch, number: int, budget: float, behind: Callable[[int, float], bool]
    ) -> None:
        self._watch, self._number, self._budget, self._behind = watch, number, budget, behind
        self._begun = watch.seconds()
        self.loss: float | None = None

    def seconds(self) -> float:
        return self.spent()

    def spent(self) -> float:
        return self._watch.seconds() - self._begun

    def epoch(self, epoch: Epoch) -> None:
        self._watch.tell({"trial": self._number, "epoch": asdict(epoch)})
        loss = epoch.validation_loss
        self.loss = loss if self.loss is None else min(self.loss, loss)
        if self._behind(epoch.number, loss):
            raise _TrialOver("Others were ahead.")
        self._look()

    def say(self, line: str) -> None:
        self._watch.tell({"trial": self._number, "say": line})
        self._look()

    def checkpoint(self, made: Callable[[], bytes]) -> None:
        del made

    def _look(self) -> None:
        if self._watch.seconds() > self._budget and (self._number or self.loss is not None):
            raise _TrialOver("The search's time is over.")


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


def _some(images: LabelledImages, seed: int, most: int = _REHEARSED) -> LabelledImages:
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


def _made(request: TrainingRequest, name: str) -> Any:
    folder = request.folder / name
    folder.mkdir(exist_ok=True)
    return folder
