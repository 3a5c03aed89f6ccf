"""A model whose images are kept and labelled in every way, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import cv2
import numpy as np
from sqlalchemy import Engine
from tests.services.labelling import NOON, Labelling, labelling

from driftwheel.datasets.example import Example
from driftwheel.predictions import Classification
from driftwheel.services.datasets.create_version import MadeVersion, create_version
from driftwheel.services.datasets.new_version import LabelChoice, NewVersion
from driftwheel.services.datasets.read_version import examples_of
from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.store.datasets.dataset_versions import DatasetVersion
from driftwheel.store.engine.database import writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import find_model
from driftwheel.store.records.truths import NewTruth, put_truths

__all__ = ["Animals", "animals", "picture"]


def picture(value: int = 0, side: int = 8) -> bytes:
    """A PNG of one grey."""
    return cv2.imencode(".png", np.full((side, side, 3), value, np.uint8))[1].tobytes()


@dataclass
class Animals:
    """A model `work.model` with labels."""

    engine: Engine
    blobs: Blobs
    work: Labelling

    @property
    def model(self) -> str:
        return self.work.model

    def make(self, **wish: Any) -> MadeVersion:
        if not {"labels", "folder", "parent"} & set(wish):
            wish["labels"] = LabelChoice()
        now = wish.pop("now", NOON + timedelta(days=1))
        by = wish.pop("by", "lead")
        return create_version(
            self.engine, self.blobs, NewVersion(self.model, **wish), by=by, now=now, wait=lambda _: None
        )

    def version(self, **wish: Any) -> DatasetVersion:
        return self.make(**wish).version

    def examples(self, version: DatasetVersion) -> dict[str, Example]:
        return {one.name: one for one in examples_of(self.blobs, version)}

    def tell(self, truths: dict[str, str], by: str = "token x", when: datetime = NOON) -> None:
        with writing(self.engine) as connection:
            model = find_model(connection, self.model)
            rows = [NewTruth(record, Classification(label)) for record, label in truths.items()]
            put_truths(connection, model.key, rows, received=when, by=by)


def animals(engine: Engine, blobs: Blobs, images: int | Sequence[PoolImage] = 6, **options: Any) -> Animals:
    """A pool of images ``i0``, ``i1``, …, that nobody has labelled."""
    return Animals(engine, blobs, labelling(engine, images, **options))
