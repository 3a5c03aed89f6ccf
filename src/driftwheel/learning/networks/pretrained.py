"""EfficientNet-Lite0 with the weights that an installed package has, as a network to be trained further."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from driftwheel.learning.efficientnet_lite0 import EPSILON, STRIDES, read_weights
from driftwheel.learning.networks.classifier_file import ClassifierNetwork
from driftwheel.learning.networks.classifier_shape import Activation, Block, ClassifierShape, Convolution

__all__ = ["pretrained_network"]

_PARTS = {"scale": "weight", "shift": "bias", "mean": "running_mean", "variance": "running_var"}


def pretrained_network(classes: Sequence[str], *, side: int = 224) -> ClassifierNetwork:
    """Return EfficientNet-Lite0 as it was trained on ImageNet, with a head of zeros for `classes`.

    Parameters
    ----------
    side
        In pixels, a multiple of 32. It was trained at 224; smaller is faster, and sees less.

    Raises
    ------
    MissingExtraError
        If the package with its weights is not installed: the extra ``embed``.
    UsageError
        If those are not the ones this network was written for.
    """
    held = read_weights()
    weights: dict[str, np.ndarray] = {}

    def convolution(name: str, norm: str, stride: int = 1, activation: Activation = "relu6") -> Convolution:
        kernel = held[f"{name}.weight"]
        own = name.lstrip("_").replace("._", ".")
        weights[f"{own}.weight"] = kernel.astype(np.float32)
        for part, theirs in _PARTS.items():
            weights[f"{own}.{part}"] = held[f"{norm}.{theirs}"].astype(np.float32)
        depthwise = name.endswith("_depthwise_conv")
        entering = len(kernel) if depthwise else kernel.shape[1]
        return Convolution(own, entering, len(kernel), kernel.shape[2], stride, depthwise, activation)

    blocks = [Block((convolution("_conv_stem", "_bn0", 2),))]
    for number, stride in enumerate(STRIDES):
        name = f"_blocks.{number}."
        parts = []
        if f"{name}_expand_conv.weight" in held:
            parts.append(convolution(f"{name}_expand_conv", f"{name}_bn0"))
        parts.append(convolution(f"{name}_depthwise_conv", f"{name}_bn1", stride))
        parts.append(convolution(f"{name}_project_conv", f"{name}_bn2", activation="none"))
        blocks.append(Block(tuple(parts), stride == 1 and parts[0].entering == parts[-1].leaving))
    blocks.append(Block((convolution("_conv_head", "_bn1"),)))
    shape = ClassifierShape("efficientnet-lite0", side, tuple(blocks), tuple(classes), EPSILON)
    weights["head.weight"] = np.zeros((len(shape.classes), shape.features), np.float32)
    weights["head.bias"] = np.zeros(len(shape.classes), np.float32)
    return ClassifierNetwork(shape, weights)
