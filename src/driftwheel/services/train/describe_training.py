"""Describe training runs: what each was asked for, by name; how far it is; what it is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from driftwheel.learning.trainers.recipe import Recipe, recipe_from
from driftwheel.store.datasets.dataset_versions import version_by_key as dataset_by_key
from driftwheel.store.models.models import list_versions
from driftwheel.store.train.training_lines import epochs_of
from driftwheel.store.train.training_runs import TrainingRun, trials_of

__all__ = ["RunDescription", "describe_runs", "describe_trials"]


@dataclass(frozen=True, slots=True)
class RunDescription:
    """A training run.

    Attributes
    ----------
    recipe
        Of a search that is done the best one.
    dataset
        Number of its dataset version; None: it is gone, or there was none.
    start, version
        Names of the version it goes on from and of that which it became.
    epochs
        Those that are done, the oldest first.
    """

    run: TrainingRun
    recipe: Recipe
    dataset: int | None
    start: str | None
    version: str | None
    epochs: tuple[Mapping[str, Any], ...]

    @property
    def accuracy(self) -> float | None:
        """On held-out images as they are; of a trial, the best on the validation split."""
        clean = (self.run.results or {}).get("clean")
        if clean is not None:
            return float(clean["accuracy"])
        return max((float(one["validation_accuracy"]) for one in self.epochs), default=None)

    @property
    def loss(self) -> float | None:
        """The lowest on the validation split."""
        return min((float(one["validation_loss"]) for one in self.epochs), default=None)

    @property
    def done(self) -> float:
        """Share of the work that is done, as far as epochs tell; a run may end before."""
        if not self.run.is_open:
            return 1.0
        return min(1.0, len(self.epochs) / self.recipe.epochs)


def describe_runs(connection: Connection, runs: Sequence[TrainingRun]) -> list[RunDescription]:
    """Return what is known of runs of one model, in their order."""
    if not runs:
        return []
    names = {one.key: one.name for one in list_versions(connection, runs[0].model)}
    epochs = epochs_of(connection, [one.key for one in runs])
    numbers: dict[int, int | None] = {}
    for one in runs:
        if one.dataset is not None and one.dataset not in numbers:
            found = dataset_by_key(connection, one.dataset)
            numbers[one.dataset] = None if found is None else found.number
    return [
        RunDescription(
            one,
            recipe_from(one.recipe),
            None if one.dataset is None else numbers[one.dataset],
            None if one.start is None else names.get(one.start),
            None if one.version is None else names.get(one.version),
            tuple(epochs[one.key]),
        )
        for one in runs
    ]


def describe_trials(connection: Connection, search: int) -> list[RunDescription]:
    """Return what is known of the trials of a search, the oldest first."""
    return describe_runs(connection, trials_of(connection, search))
