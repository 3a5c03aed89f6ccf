"""The layers of an autoencoder: in torch to train it, as plain weights to keep it, as ONNX to run it.

Encoder: each level a convolution (4 × 4, stride 2, padded by 1), normalisation and ReLU; then a linear layer
to the latent numbers. Decoder: a linear layer back, and for each level a transposed convolution that doubles
the side. What comes out are logits: their logistic function is the picture.

After training, each normalisation is folded into the layer before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import MissingExtraError
from driftwheel.learning.autoencoder_shape import AutoencoderShape
from driftwheel.learning.onnx_graph import OnnxGraph

if TYPE_CHECKING:
    from torch import nn

__all__ = ["TRAINING", "Weights", "build_network", "folded_weights", "import_torch", "write_network"]

TRAINING = "Training an autoencoder"
Weights = Mapping[str, NDArray[np.float32]]
"""Layer's name + ``.weight`` or ``.bias`` → its numbers, as torch lays them out."""

_KERNEL, _STRIDE, _PAD = 4, 2, 1


def import_torch() -> Any:
    """Return torch; raise `MissingExtraError` where the extra ``train`` is not installed."""
    try:
        import torch
    except ImportError:
        raise MissingExtraError(TRAINING, "train") from None
    return torch


def build_network(shape: AutoencoderShape) -> nn.Sequential:
    """Return the untrained network: (n, channels, side, side) in [0, 1] → logits of the same shape.

    The first weights are drawn from torch's global generator.

    Raises
    ------
    MissingExtraError
        Without torch.
    """
    nn = import_torch().nn
    flat = shape.widths[-1] * shape.coarsest**2
    window = {"kernel_size": _KERNEL, "stride": _STRIDE, "padding": _PAD}
    layers: list[tuple[str, Any]] = []
    for level, (before, after) in enumerate(pairwise((shape.channels, *shape.widths))):
        layers += [
            (f"encoder_{level}", nn.Conv2d(before, after, bias=False, **window)),
            (f"encoder_{level}_norm", nn.BatchNorm2d(after)),
            (f"encoder_{level}_relu", nn.ReLU()),
        ]
    layers += [
        ("flatten", nn.Flatten()),
        ("latent", nn.Linear(flat, shape.latent)),
        ("lift", nn.Linear(shape.latent, flat, bias=False)),
        ("lift_norm", nn.BatchNorm1d(flat)),
        ("lift_relu", nn.ReLU()),
        ("unflatten", nn.Unflatten(1, (shape.widths[-1], shape.coarsest, shape.coarsest))),
    ]
    upwards = (*reversed(shape.widths), shape.channels)
    for level, (before, after) in enumerate(pairwise(upwards)):
        last = level == len(shape.widths) - 1
        layers.append((f"decoder_{level}", nn.ConvTranspose2d(before, after, bias=last, **window)))
        if not last:
            layers += [
                (f"decoder_{level}_norm", nn.BatchNorm2d(after)),
                (f"decoder_{level}_relu", nn.ReLU()),
            ]
    network = nn.Sequential()
    for name, layer in layers:
        network.add_module(name, layer)
    return network  # type: ignore[no-any-return]


def folded_weights(network: nn.Sequential) -> dict[str, NDArray[np.float32]]:
    """Return the weights of a trained network, each normalisation folded into the layer before it."""
    layers = dict(network.named_children())
    folded = {}
    for name, layer in layers.items():
        if name.endswith("_norm") or not hasattr(layer, "weight"):
            continue
        kernel = _numbers(layer.weight)
        bias = np.zeros(1) if layer.bias is None else _numbers(layer.bias)
        norm = layers.get(f"{name}_norm")
        if norm is not None:
            gain = _numbers(norm.weight) / np.sqrt(_numbers(norm.running_var) + float(norm.eps))  # type: ignore[arg-type]
            outgoing = 1 if name.startswith("decoder") else 0  # the axis of a transposed kernel's channels
            kernel = kernel * np.expand_dims(
                gain, tuple(axis for axis in range(kernel.ndim) if axis != outgoing)
            )
            bias = _numbers(norm.bias) + (bias - _numbers(norm.running_mean)) * gain
        folded[f"{name}.weight"] = kernel.astype(np.float32)
        folded[f"{name}.bias"] = bias.astype(np.float32)
    return folded


def write_network(shape: AutoencoderShape, weights: Weights, metadata: Mapping[str, str]) -> bytes:
    """Return the network as an ONNX model.

    Input ``images`` (n, side, side, channels) float32 in [0, 1], colour as RGB; output ``logits`` of the same
    shape.

    Raises
    ------
    MissingExtraError
        If the package ``onnx`` is not installed.
    """
    graph = OnnxGraph(TRAINING, "train")
    window = {
        "kernel_shape": [_KERNEL, _KERNEL],
        "strides": [_STRIDE, _STRIDE],
        "pads": [_PAD, _PAD, _PAD, _PAD],
    }

    def layer(operator: str, entering: str, name: str, **attributes: Any) -> str:
        held = [graph.constant(weights[f"{name}.{part}"]) for part in ("weight", "bias")]
        return graph.add(operator, [entering, *held], **attributes)

    passed = graph.add("Transpose", ["images"], perm=[0, 3, 1, 2])
    for level in range(len(shape.widths)):
        passed = graph.add("Relu", [layer("Conv", passed, f"encoder_{level}", **window)])
    passed = layer("Gemm", graph.add("Flatten", [passed], axis=1), "latent", transB=1)
    passed = graph.add("Relu", [layer("Gemm", passed, "lift", transB=1)])
    coarsest = np.array([-1, shape.widths[-1], shape.coarsest, shape.coarsest], dtype=np.int64)
    passed = graph.add("Reshape", [passed, graph.constant(coarsest)])
    for level in range(len(shape.widths)):
        passed = layer("ConvTranspose", passed, f"decoder_{level}", **window)
        if level < len(shape.widths) - 1:
            passed = graph.add("Relu", [passed])
    graph.add("Transpose", [passed], "logits", perm=[0, 2, 3, 1])
    picture: list[int | str] = ["n", shape.side, shape.side, shape.channels]
    return graph.to_bytes("autoencoder", ("images", "FLOAT", picture), ("logits", "FLOAT", picture), metadata)


def _numbers(tensor: Any) -> NDArray[np.float64]:
    return np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64)
