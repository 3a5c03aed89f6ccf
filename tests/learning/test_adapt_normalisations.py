"""Adapted normalisations: exact where the answer is known, and better where contrast was lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.learning.digits import need_training
from tests.learning.trainers import shapes

from driftwheel.errors import UsageError
from driftwheel.learning.adapt_normalisations import adapt_normalisations, has_normalisations
from driftwheel.learning.labelled_images import ImagesInMemory
from driftwheel.learning.measure_classifier import classifier_answers
from driftwheel.learning.networks.classifier_file import ClassifierNetwork, read_classifier, write_classifier
from driftwheel.learning.networks.classifier_shape import small_shape
from driftwheel.learning.networks.torch_network import fresh_weights
from driftwheel.learning.onnx_graph import OnnxGraph
from driftwheel.learning.trainers.image_weights import image_weights
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.learning.trainers.torch_trainers import SmallNetwork
from driftwheel.learning.trainers.trainer import TrainingJob

need_training()


def test_the_first_layer_gets_the_statistics_of_the_images() -> None:
    shape = small_shape(("a", "b"), side=32, width=4, levels=1)
    network = ClassifierNetwork(shape, fresh_weights(shape, 0))
    images = shapes.stripes(64, seed=3, side=32)

    found = read_classifier(adapt_normalisations(write_classifier(network), images, prior=0).file)

    assert found is not None
    kernel = network.weights["level_0.down.weight"].astype(np.float64)
    pixels = np.stack([images.image(i)[..., ::-1] for i in range(64)]).astype(np.float64)
    padded = np.pad((pixels - 127) / 128, ((0, 0), (0, 1), (0, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::2, ::2]
    leaving = np.einsum("nhwcij,ocij->nhwo", windows, kernel)
    np.testing.assert_allclose(found.weights["level_0.down.mean"], leaving.mean(axis=(0, 1, 2)), atol=1e-4)
    np.testing.assert_allclose(found.weights["level_0.down.variance"], leaving.var(axis=(0, 1, 2)), atol=1e-3)
    changed = {name for name, one in found.weights.items() if not np.array_equal(one, network.weights[name])}
    assert changed == {"level_0.down.mean", "level_0.down.variance"}


def test_images_that_went_flat_are_told_apart_again(tmp_path: Path) -> None:
    train = shapes.stripes(64, seed=0)
    recipe = Recipe("small-network", side=32, width=8, levels=2, epochs=4, batch=8)
    job = TrainingJob(
        train, shapes.stripes(24, seed=9), image_weights(train.labels, balance=True), recipe, tmp_path
    )
    trained = SmallNetwork().train(job, shapes.Watched()).file
    bright = shapes.stripes(96, seed=5)
    flat = [(127 + (one.astype(float) - 127) / 8).astype(np.uint8) for one in bright.pixels]
    pale = ImagesInMemory(bright.classes, bright.labels, flat)

    adapted = adapt_normalisations(trained, pale)

    assert has_normalisations(trained)
    assert adapted.normalisations == 4
    assert adapted.moved > 0
    before, after = (classifier_answers(file, pale).right.mean() for file in (trained, adapted.file))
    assert after >= before
    assert after >= 0.9


def test_a_file_without_normalisations_and_too_few_images_are_refused() -> None:
    graph = OnnxGraph("A test", "train")
    graph.add("Identity", ["x"], "y")
    other = graph.to_bytes("other", ("x", "FLOAT", ["n", 3, 8, 8]), ("y", "FLOAT", ["n", 3, 8, 8]))

    assert not has_normalisations(other)
    with pytest.raises(UsageError, match="no batch normalisations to adapt"):
        adapt_normalisations(other, shapes.stripes(32, seed=0))
    with pytest.raises(UsageError, match="at least 32"):
        adapt_normalisations(other, shapes.stripes(31, seed=0))
