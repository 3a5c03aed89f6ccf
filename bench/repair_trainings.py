"""Trainings of bench/repair.py, by the product's trainers, and what their models are worth."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.learning.adapt_normalisations import adapt_normalisations
from driftwheel.learning.networks.classifier_file import ClassifierNetwork, read_classifier
from driftwheel.learning.trainers import distil_lesson, distillation, linear_head
from driftwheel.learning.trainers.image_weights import image_weights
from driftwheel.learning.trainers.load_trainer import load_trainer
from driftwheel.learning.trainers.network_features import network_features
from driftwheel.learning.trainers.prepared_pictures import prepare_pictures
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.learning.trainers.trainer import Epoch, TrainingJob
from driftwheel.services.train.repair_recipe import repair_recipe
from repair_photos import Photo, labelled

_FEATURES = linear_head, distillation, distil_lesson  # who computes features
CHECKED_OF = 5  # every fifth label goes to the validation split
SIDE = {"linear-head": 224, "fine-tuning": 160}  # pixels: gradients at 160 are half the work

RECIPES = {
    "linear-head": Recipe("linear-head", side=SIDE["linear-head"]),
    "fine-tuning": Recipe("fine-tuning", side=SIDE["fine-tuning"], layers="all", epochs=2),
    "distillation": repair_recipe("distillation", FaultCase("blur", 5, ""), 1600),
}
"""All models of a kind are trained by one recipe, but for its faults and its seed."""


@dataclass
class Workshop:
    """Trains and measures; the features of a picture are computed once, whatever is trained on them."""

    kept: dict[tuple[bytes, bytes], NDArray[np.float32]] = field(default_factory=dict)

    def __enter__(self) -> Workshop:
        for one in _FEATURES:
            one.network_features = self.features  # the same numbers, sooner
        return self

    def __exit__(self, *_: object) -> None:
        for one in _FEATURES:
            one.network_features = network_features

    def features(self, shape, weights, pictures, *, threads=1, tick=lambda _: None) -> NDArray[np.float32]:
        digest = hashlib.sha256()
        for name in sorted(weights):
            if not name.startswith("head."):
                digest.update(weights[name].tobytes())
        body = digest.digest()
        keys = [(body, hashlib.blake2b(one.tobytes(), digest_size=16).digest()) for one in pictures]
        new = list(dict.fromkeys(i for i, key in enumerate(keys) if key not in self.kept))
        found = network_features(shape, weights, np.asarray(pictures)[new], threads=threads, tick=tick)
        self.kept.update({keys[i]: row for i, row in zip(new, found, strict=True)})
        return np.stack([self.kept[key] for key in keys])

    def train(  # noqa: PLR0917  what is learnt from, and how
        self,
        kind: str,
        old: tuple[Sequence[Photo], Sequence[Photo]],
        new: Sequence[Photo],
        faults: tuple[FaultCase, ...],
        seed: int,
        start: bytes | None = None,
    ) -> bytes:
        """Return the file of a model learnt from old and new photos; from `start` on, or in full."""
        recipe = replace(RECIPES[kind], seed=seed, faults=faults)
        checked = new[::CHECKED_OF]
        learnt = [one for i, one in enumerate(new) if i % CHECKED_OF]
        train, validation = labelled([*old[0], *learnt]), labelled([*old[1], *checked])
        is_old = np.arange(len(train)) < len(old[0])
        replayed = is_old if start is not None and learnt else None
        weights = image_weights(train.labels, balance=recipe.balance, old=replayed, replay=recipe.replay)
        with tempfile.TemporaryDirectory() as folder:
            may_fault = is_old, np.arange(len(validation)) < len(old[1])
            job = TrainingJob(train, validation, weights, recipe, Path(folder), start, may_fault=may_fault)
            return load_trainer(recipe).train(job, _Watch()).file

    def adapt(self, file: bytes, recent: Sequence[Photo]) -> bytes:
        """Return the model with normalisations of recent photos, whose labels are not looked at."""
        return adapt_normalisations(file, labelled(recent)).file

    def accuracy(self, file: bytes, photos: Sequence[Photo]) -> float:
        """Return the share of photos that a model of ours is right about."""
        network = read_classifier(file)
        assert network is not None
        images = labelled(photos)
        with tempfile.TemporaryDirectory() as folder:
            pictures = prepare_pictures(
                images, side=network.shape.side, seed=0, file=Path(folder) / "held.npy"
            ).flat
            features = self.features(network.shape, network.weights, pictures)
        return float((_logits(network, features).argmax(axis=1) == images.labels).mean())


class _Watch:
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


def _logits(network: ClassifierNetwork, features: NDArray[np.float32]) -> NDArray[np.float32]:
    return features @ network.weights["head.weight"].T + network.weights["head.bias"]
