"""The linear head: learns, is the same each time, and goes on from a champion without forgetting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.learning.digits import need_training
from tests.learning.trainers import shapes

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.errors import UsageError
from driftwheel.learning.labelled_images import FewerImages, LabelledImages
from driftwheel.learning.load_classifier import load_classifier
from driftwheel.learning.trainers.image_weights import image_weights
from driftwheel.learning.trainers.linear_head import LinearHead
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.learning.trainers.trainer import TrainedClassifier, TrainingJob

need_training()

_RECIPE = Recipe(side=32)


def _trained(
    folder: Path, train: LabelledImages, recipe: Recipe = _RECIPE, start: bytes | None = None
) -> TrainedClassifier:
    weights = image_weights(train.labels, balance=recipe.balance)
    job = TrainingJob(train, shapes.stripes(16, seed=9), weights, recipe, folder, start)
    return LinearHead().train(job, shapes.Watched())


def _accuracy(file: bytes, images: LabelledImages) -> float:
    classifier = load_classifier(file, threads=1)
    assert classifier is not None
    batch = np.stack([classifier.prepare(images.image(i)) for i in range(len(images))])
    return float((classifier.scores(batch).argmax(axis=1) == images.labels).mean())


def test_it_learns_with_faults_and_is_the_same_each_time(tmp_path: Path) -> None:
    train = shapes.stripes(40, seed=0)
    recipe = Recipe(side=32, faults=(FaultCase("haze", 3, ""),))

    first, again = _trained(tmp_path, train, recipe), _trained(tmp_path, train, recipe)

    assert first.file == again.file
    assert first.notes["parity"] < 1e-5
    assert _accuracy(first.file, shapes.stripes(40, seed=5)) >= 0.9


def test_going_on_with_few_labels_keeps_what_was_known(tmp_path: Path) -> None:
    champion = _trained(tmp_path, shapes.stripes(40, seed=0)).file
    few = FewerImages(shapes.stripes(40, seed=1), np.arange(4))

    after = _trained(tmp_path, few, start=champion).file

    assert _accuracy(after, shapes.stripes(40, seed=5)) >= 0.9


def test_one_class_is_nothing_to_learn(tmp_path: Path) -> None:
    one = FewerImages(shapes.stripes(8, seed=0), np.array([0, 2, 4]))

    with pytest.raises(UsageError, match="3 images of 1 classes"):
        _trained(tmp_path, one)
