"""A training that first searches: trials of recipes for a part of the time, then the best of them in full."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.learning.trainers.load_trainer import load_trainer
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.learning.trainers.search_recipe import Tried, recipe_of, search_recipe
from driftwheel.learning.trainers.trainer import Epoch
from driftwheel.services.train.requested_training import (
    job_of,
    outcome_of,
    some_images,
    train_by,
    work_folder,
)
from driftwheel.services.train.training_folder import FolderWatch
from driftwheel.services.train.training_request import TrainingOutcome, TrainingRequest

__all__ = ["train_by_search"]

_TRIED = 2000  # images that one trial of a search learns from
_FULL_SHARE = 0.5  # of a search's time is left for the training in full


class _TrialOver(Exception):  # noqa: N818  it is no error
    """A trial has shown enough, or there is no time left for it."""


def train_by_search(request: TrainingRequest, watch: FolderWatch) -> TrainingOutcome:
    """Try recipes for a part of the time, then train the best of them in full.

    Raises
    ------
    UsageError
        When no trial came to anything.
    """
    budget = request.search_seconds * (1 - _FULL_SHARE)
    train = some_images(request.train, request.recipe.seed, _TRIED)
    validation = some_images(request.validation, request.recipe.seed, _TRIED)

    def attempt(
        number: int,
        recipe: Recipe,
        parameters: Mapping[str, Any],
        behind: Callable[[int, float], bool],
    ) -> float | None:
        trial = _TrialWatch(watch, number, budget, behind)
        watch.tell({"trial": number, "recipe": recipe.plain(), "parameters": dict(parameters)})
        folder = work_folder(request, f"trial-{number}")
        state, reason = "done", None
        try:
            job = job_of(request, recipe, train, validation, folder)
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
    found = train_by(request, recipe, watch)
    done = outcome_of(request, recipe, found, watch)
    return replace(done, results={**done.results, "trials": len(tried), "best": min(ranked)[1]})


def _in_full(start: Recipe, best: Tried) -> Recipe:
    return replace(recipe_of(start, best.parameters), epochs=start.epochs) if best.parameters else start


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
