"""A model with a dataset version of stripes, across and down, that trainers learn in a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
from sqlalchemy import Engine
from tests.learning.trainers import shapes

from driftwheel.services.datasets.create_version import create_version
from driftwheel.services.datasets.new_version import NewVersion
from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.services.train.do_training import do_training
from driftwheel.services.train.finish_training import finish_training
from driftwheel.store.datasets.dataset_versions import DatasetVersion
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import ModelVersion, find_model, list_versions
from driftwheel.store.train.training_runs import TrainingRun, run_by_key

__all__ = ["NOW", "StripedModel", "striped_model"]

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@dataclass
class StripedModel:
    """The model `stripes`, with one dataset version."""

    engine: Engine
    blobs: Blobs
    dataset: DatasetVersion

    def more(self, folder: Path, n: int, seed: int) -> DatasetVersion:
        """Make a second version: the first, and so many images more."""
        return _version(self.engine, self.blobs, folder, n, seed, parent=self.dataset.number)

    def do(self, key: int) -> TrainingRun:
        """Do a run as a worker does, and return it as it is then."""
        done = do_training(
            self.engine,
            self.blobs,
            key,
            clock=lambda: NOW,
            look=lambda: None,
            threads=1,
            commands_allowed=True,
        )
        if done is not None:
            finish_training(self.engine, self.blobs, key, done.artifact, done.recipe, done.results, now=NOW)
        with reading(self.engine) as connection:
            found = run_by_key(connection, key)
        assert found is not None
        return found

    def versions(self) -> list[ModelVersion]:
        with reading(self.engine) as connection:
            return list_versions(connection, find_model(connection, "stripes").key)


def striped_model(engine: Engine, blobs: Blobs, folder: Path, n: int = 120) -> StripedModel:
    register_model(
        engine, NewModel("stripes", "classification", ("across", "down"), embedder="none"), by="me", now=NOW
    )
    return StripedModel(engine, blobs, _version(engine, blobs, folder, n, 0))


def _version(  # noqa: PLR0917
    engine: Engine, blobs: Blobs, folder: Path, n: int, seed: int, parent: int | None = None
) -> DatasetVersion:
    images = shapes.stripes(n, seed=seed)
    for number, label in enumerate(images.labels):
        place = folder / images.classes[label]
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f"{seed}-{number}.png"), images.image(number))
    wish = NewVersion("stripes", folder=folder, parent=parent)
    return create_version(engine, blobs, wish, by="me", now=NOW).version
