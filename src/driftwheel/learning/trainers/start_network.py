"""The network that a training begins with: the champion's, a pretrained one, or one of fresh weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.learning.networks.classifier_file import ClassifierNetwork, read_classifier
from driftwheel.learning.networks.classifier_shape import small_shape
from driftwheel.learning.networks.pretrained import pretrained_network
from driftwheel.learning.networks.torch_network import fresh_weights
from driftwheel.learning.trainers.recipe import Recipe

__all__ = ["start_network", "with_classes"]

_SMALL_SIDE, _PRETRAINED_SIDE = 96, 224


def start_network(recipe: Recipe, classes: Sequence[str], start: bytes | None) -> ClassifierNetwork:
    """Return the network that a recipe goes on from, with a head for `classes`.

    Parameters
    ----------
    start
        ONNX file of the classifier to go on from, which a trainer of ours made; None for a full training.

    Raises
    ------
    UsageError
        When `start` is of another origin, or its side is not what the recipe asks for.
    """
    if start is None:
        if recipe.trainer == "small-network":
            side = recipe.side or _SMALL_SIDE
            shape = small_shape(classes, side=side, width=recipe.width, levels=recipe.levels)
            return ClassifierNetwork(shape, fresh_weights(shape, recipe.seed))
        return pretrained_network(classes, side=recipe.side or _PRETRAINED_SIDE)
    network = read_classifier(start)
    if network is None:
        raise UsageError(
            "The version to go on from was not trained here, so its weights cannot be learnt further: choose "
            "a full training, or the linear head."
        )
    shape = network.shape
    if recipe.side not in {None, shape.side}:
        shape = replace(shape, side=recipe.side or shape.side)
        network = replace(network, shape=shape)
    if recipe.trainer == "small-network" and shape.family != "small":
        raise UsageError(
            "The version to go on from is no small network, but EfficientNet-Lite0: choose fine-tuning, the "
            "linear head, or a full training."
        )
    return with_classes(network, classes)


def with_classes(network: ClassifierNetwork, classes: Sequence[str]) -> ClassifierNetwork:
    """Return the network with a head for other classes: known ones keep their rows, new ones begin at 0."""
    known = network.shape.classes
    if tuple(classes) == known:
        return network
    rows = [known.index(name) if name in known else -1 for name in classes]

    def chosen(numbers: NDArray[np.float32]) -> NDArray[np.float32]:
        padded = np.concatenate([numbers, np.zeros_like(numbers[:1])])
        return padded[rows]

    head = {f"head.{part}": chosen(network.weights[f"head.{part}"]) for part in ("weight", "bias")}
    shape = replace(network.shape, classes=tuple(classes))
    return replace(network, shape=shape, weights={**network.weights, **head})
