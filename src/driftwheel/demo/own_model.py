"""A small model of one's own to watch: an embedder and a linear head, trained on labelled images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from driftwheel.images.decode import decode
from driftwheel.learning.embedder import Embedder
from driftwheel.predictions import Classification

__all__ = ["OwnModel", "train"]

_REGULARISATION = 0.01  # of the head: there are about as many images as dimensions
_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class OwnModel:
    """Says what is to be seen in an image."""

    embedder: Embedder
    head: Pipeline

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names, in the order of the scores."""
        return tuple(str(one) for one in self.head.classes_)

    def predict(self, images: Sequence[Path]) -> list[Classification]:
        """Return the class of each image, with the scores of all classes."""
        if not images:
            return []
        scores = self.head.predict_proba(_embedded(self.embedder, images))
        return [
            Classification(
                self.classes[int(row.argmax())],
                {name: float(score) for name, score in zip(self.classes, row, strict=True)},
            )
            for row in scores
        ]


def train(embedder: Embedder, images: Sequence[Path], labels: Sequence[str]) -> OwnModel:
    """Return a model trained on these images; the same images give the same model."""
    head = make_pipeline(StandardScaler(), LogisticRegression(C=_REGULARISATION, max_iter=1000))
    head.fit(_embedded(embedder, images), list(labels))
    return OwnModel(embedder, head)


def _embedded(embedder: Embedder, images: Sequence[Path]) -> NDArray[np.float32]:
    """Return (n, d), made in batches so that few images are in memory at once."""
    rows = [np.empty((0, embedder.dimensions), np.float32)]
    for begin in range(0, len(images), _BATCH):
        prepared: list[NDArray[Any]] = [
            embedder.prepare(decode(path.read_bytes()).pixels) for path in images[begin : begin + _BATCH]
        ]
        rows.append(embedder.embed(np.stack(prepared)))
    return np.concatenate(rows)
