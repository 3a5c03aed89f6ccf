"""Trainings of bench/eyes.py, by the product's trainers, and what their models are worth."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from driftwheel.demo.eyes.eyes_model import labelled_eyes
from driftwheel.demo.eyes.published_eyes import CLASSES, Eye
from driftwheel.demo.eyes.share_out_eyes import SharedOut
from driftwheel.learning.labelled_images import ImagesInMemory
from driftwheel.learning.networks.classifier_file import read_classifier
from driftwheel.learning.networks.torch_network import build_torch, own_torch, torch_logits
from driftwheel.learning.trainers.image_weights import image_weights
from driftwheel.learning.trainers.load_trainer import load_trainer
from driftwheel.learning.trainers.prepared_pictures import prepare_pictures
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.learning.trainers.trainer import Epoch, TrainingJob

CHECKED_OF = 5  # every fifth label tells when to stop


@dataclass(frozen=True)
class Workshop:
    """Trains by one recipe, and measures."""

    recipe: Recipe

    def train(self, learnt: Sequence[Eye], checked: Sequence[Eye]) -> bytes:
        """Return the file of a model of fresh weights."""
        return self._trained(labelled_eyes(learnt), labelled_eyes(checked), self.recipe)

    def go_on(
        self,
        champion: bytes,
        parts: SharedOut,
        new: Sequence[Eye],
        labels: Sequence[str],
        replay: float | None = None,
    ) -> bytes:
        """Return the champion, gone on with new eyes as they were labelled, and with the old ones."""
        rows = np.arange(len(new))
        learnt, checked = rows[rows % CHECKED_OF != 0], rows[rows % CHECKED_OF == 0]
        train, validation = (
            labelled_eyes(
                [*old, *(new[i] for i in own)], [*(e.label for e in old), *(labels[i] for i in own)]
            )
            for old, own in ((parts.learnt, learnt), (parts.checked, checked))
        )
        recipe = self.recipe if replay is None else replace(self.recipe, replay=replay)
        return self._trained(train, validation, recipe, champion, len(parts.learnt))

    def with_all(self, parts: SharedOut) -> bytes:
        """Return a model of fresh weights that learnt from all of production's eyes, and the old ones."""
        new = parts.production
        learnt = [one for i, one in enumerate(new) if i % CHECKED_OF]
        return self.train([*parts.learnt, *learnt], [*parts.checked, *new[::CHECKED_OF]])

    def scores(self, file: bytes, eyes: Sequence[Eye]) -> NDArray[np.float64]:
        """Return (n, 2) what a model of ours says of eyes."""
        network = read_classifier(file)
        assert network is not None
        with tempfile.TemporaryDirectory() as folder, own_torch(1):
            pictures = prepare_pictures(
                labelled_eyes(eyes), side=network.shape.side, seed=0, file=Path(folder) / "eyes.npy"
            ).flat
            logits = torch_logits(build_torch(network), pictures)
        return softmax(logits.astype(np.float64) / network.temperature, axis=1)

    def right(self, file: bytes, eyes: Sequence[Eye]) -> NDArray[np.bool_]:
        """Return (n,) of which eyes a model says the truth."""
        truth = np.array([CLASSES.index(one.label) for one in eyes])
        return self.scores(file, eyes).argmax(axis=1) == truth

    def accuracy(self, file: bytes, eyes: Sequence[Eye]) -> float:
        """Return the share of them."""
        return float(self.right(file, eyes).mean())

    def _trained(
        self,
        train: ImagesInMemory,
        validation: ImagesInMemory,
        recipe: Recipe,
        start: bytes | None = None,
        old: int = 0,
    ) -> bytes:
        known = None if start is None else np.arange(len(train)) < old
        weights = image_weights(train.labels, balance=recipe.balance, old=known, replay=recipe.replay)
        with tempfile.TemporaryDirectory() as folder:
            job = TrainingJob(train, validation, weights, recipe, Path(folder), start)
            return load_trainer(recipe).train(job, _Unwatched()).file


class _Unwatched:
    """Nobody looks."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def epoch(self, epoch: Epoch) -> None:
        pass

    def say(self, line: str) -> None:
        pass

    def checkpoint(self, made: Callable[[], bytes]) -> None:
        pass
