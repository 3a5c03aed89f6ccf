"""A classifier's network as an ONNX file that holds all there is to know of it, and back.

The file reads images and gives scores, and names its classes, so that it serves anywhere. Its normalisations
are nodes of their own and its weights keep their names: what was trained once can be trained further from
the file alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.formats.onnx_contents import onnx_contents
from driftwheel.learning.networks.classifier_shape import (
    ClassifierShape,
    Convolution,
    shape_from_json,
    shape_to_json,
)
from driftwheel.learning.onnx_graph import OnnxGraph
from driftwheel.learning.onnx_signature import CLASSES_KEY, NETWORK_KEY

__all__ = ["ClassifierNetwork", "Weights", "read_classifier", "write_classifier", "write_features"]

Weights = Mapping[str, NDArray[np.float32]]
"""Name → numbers; see `Convolution` and `ClassifierShape` for the names and shapes."""

_WHAT = "A classifier's network"
_PARTS = ("scale", "shift", "mean", "variance")


@dataclass(frozen=True, slots=True, eq=False)
class ClassifierNetwork:
    """A network with its weights.

    Attributes
    ----------
    temperature
        That logits are divided by before softmax, so that scores are as sure as they are right.
    """

    shape: ClassifierShape
    weights: Weights
    temperature: float = 1.0


def write_classifier(network: ClassifierNetwork) -> bytes:
    """Return the ONNX file: ``images`` (n, side, side, 3) uint8 RGB → ``scores`` (n, classes) float32.

    Raises
    ------
    MissingExtraError
        If the package ``onnx`` is not installed.
    UsageError
        When weights are missing, of another shape, or not finite.
    """
    shape = network.shape
    _check(shape, network.weights)
    graph, features = _features(shape, network.weights)
    head = [graph.constant(network.weights[f"head.{part}"], f"head.{part}") for part in ("weight", "bias")]
    logits = graph.add("Gemm", [features, *head], transB=1)
    temperature = graph.constant(np.array(network.temperature, dtype=np.float32), "temperature")
    graph.add("Softmax", [graph.add("Div", [logits, temperature])], "scores", axis=1)
    metadata = {
        CLASSES_KEY: json.dumps(list(shape.classes), ensure_ascii=False),
        NETWORK_KEY: shape_to_json(shape),
    }
    picture: list[int | str] = ["n", shape.side, shape.side, 3]
    leaving: list[int | str] = ["n", len(shape.classes)]
    return graph.to_bytes("classifier", ("images", "UINT8", picture), ("scores", "FLOAT", leaving), metadata)


def write_features(shape: ClassifierShape, weights: Weights) -> bytes:
    """Return an ONNX file of all but the head: ``images`` → ``features`` (n, features) float32."""
    graph, features = _features(shape, weights)
    graph.add("Identity", [features], "features")
    picture: list[int | str] = ["n", shape.side, shape.side, 3]
    return graph.to_bytes(
        "features", ("images", "UINT8", picture), ("features", "FLOAT", ["n", shape.features])
    )


def read_classifier(file: bytes) -> ClassifierNetwork | None:
    """Return the network that `write_classifier` wrote; None for an ONNX file of another origin.

    Raises
    ------
    UsageError
        When it is no ONNX file, of a later version, or damaged.
    MissingExtraError
        If the package ``onnx`` is not installed.
    """
    held = onnx_contents(file)
    if held is None or held.external:
        raise UsageError("This file is no ONNX model, is damaged, or keeps its weights in another file.")
    onnx = _onnx()
    model = onnx.load_model_from_string(file)
    metadata = {each.key: each.value for each in model.metadata_props}
    if NETWORK_KEY not in metadata:
        return None
    try:
        classes = json.loads(metadata[CLASSES_KEY])
    except (KeyError, ValueError):
        raise UsageError("What the file says of its classes is damaged.") from None
    shape = shape_from_json(metadata[NETWORK_KEY], classes)
    weights = {each.name: np.array(onnx.numpy_helper.to_array(each)) for each in model.graph.initializer}
    _check(shape, weights)
    temperature = float(weights.get("temperature", np.ones(1)).ravel()[0])
    named = {name: weights[name] for name in _shapes(shape)}
    return ClassifierNetwork(shape, named, temperature)


def _features(shape: ClassifierShape, weights: Weights) -> tuple[OnnxGraph, str]:
    _check(shape, weights, with_head=False)
    graph = OnnxGraph(_WHAT, "train")
    floats = graph.add("Cast", ["images"], to=graph.onnx.TensorProto.FLOAT)
    scaled = graph.add("Mul", [graph.add("Sub", [floats, graph.scalar(127)]), graph.scalar(1 / 128)])
    passed = graph.add("Transpose", [scaled], perm=[0, 3, 1, 2])
    bounds = [graph.scalar(0), graph.scalar(6)]
    for block in shape.blocks:
        entered = passed
        for one in block.convolutions:
            passed = _convolve(graph, shape, one, weights, passed)
            if one.activation == "relu":
                passed = graph.add("Relu", [passed])
            elif one.activation == "relu6":
                passed = graph.add("Clip", [passed, *bounds])
        if block.skips:
            passed = graph.add("Add", [passed, entered])
    return graph, graph.add("ReduceMean", [passed, graph.constant(np.array([2, 3]))], keepdims=0)


def _convolve(
    graph: OnnxGraph, shape: ClassifierShape, one: Convolution, weights: Weights, entering: str
) -> str:
    before, after = one.pads
    kernel = graph.constant(weights[f"{one.name}.weight"], f"{one.name}.weight")
    passed = graph.add(
        "Conv",
        [entering, kernel],
        kernel_shape=[one.kernel, one.kernel],
        strides=[one.stride, one.stride],
        pads=[before, before, after, after],
        group=one.leaving if one.depthwise else 1,
    )
    norm = [graph.constant(weights[f"{one.name}.{part}"], f"{one.name}.{part}") for part in _PARTS]
    return graph.add("BatchNormalization", [passed, *norm], epsilon=shape.epsilon)


def _shapes(shape: ClassifierShape) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for one in shape.convolutions:
        entering = 1 if one.depthwise else one.entering
        found[f"{one.name}.weight"] = (one.leaving, entering, one.kernel, one.kernel)
        found |= {f"{one.name}.{part}": (one.leaving,) for part in _PARTS}
    found["head.weight"] = (len(shape.classes), shape.features)
    found["head.bias"] = (len(shape.classes),)
    return found


def _check(shape: ClassifierShape, weights: Weights, *, with_head: bool = True) -> None:
    for name, wanted in _shapes(shape).items():
        if not with_head and name.startswith("head."):
            continue
        if name not in weights:
            raise UsageError(f"The network lacks its weights {name}; the file is damaged.")
        found = weights[name]
        if found.shape != wanted or found.dtype != np.float32 or not np.isfinite(found).all():
            raise UsageError(
                f"The weights {name} are {found.dtype} of shape {found.shape}, or not all finite; expected "
                f"finite float32 of shape {wanted}."
            )


def _onnx() -> Any:
    try:
        import onnx
    except ImportError:
        raise MissingExtraError(_WHAT, "train") from None
    return onnx
