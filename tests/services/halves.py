"""A task as small as can be: which half of an image is brighter. Images with truths, and a model as ONNX."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

CLASSES = ("left", "right")


def network(gain: float = 30.0, *, names: bool = True, columns: int = 2, astray: float = 0.0) -> bytes:
    """An ONNX file that says which half of an image is brighter, by its logits.

    It also looks for a pattern of its own, by which it is led `astray`.
    """
    onnx = pytest.importorskip("onnx", reason="the extra `embed` is not installed: no onnx")
    pytest.importorskip("onnxruntime", reason="the extra `embed` is not installed: no onnxruntime")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    half = np.zeros((3, 8, 8), np.float32)
    half[:, :, :4], half[:, :, 4:] = gain / 96, -gain / 96
    own = np.random.default_rng(int(100 * astray)).standard_normal((8, 8)).astype(np.float32)
    half += astray * gain / 96 * (own - own.mean())
    weights = np.stack([half.ravel(), -half.ravel()], axis=1)[:, :columns]
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["images"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        ],
        "halves",
        [helper.make_tensor_value_info("images", kind, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("logits", kind, ["n", columns])],
        [onnx.numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if names:
        entry = model.metadata_props.add()
        entry.key, entry.value = "driftwheel.classes", '["left", "right"]'
    return bytes(model.SerializeToString())


def halves(n: int, seed: int, left: float = 0.5) -> list[tuple[NDArray[np.uint8], str]]:
    """Images of which one half is brighter, mostly: some seem the other way round; and their truths."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        truth = 0 if rng.random() < left else 1
        one = np.full((16, 16, 3), 120.0) + rng.normal(0, 6, (16, 16, 1))
        one[:, 8 * truth : 8 * truth + 8] += rng.normal(10, 8)
        made.append((np.clip(one, 0, 255).astype(np.uint8), CLASSES[truth]))
    return made
