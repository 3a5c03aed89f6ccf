"""A network in a few numbers: those that the onnx library counts, too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwheel.formats.onnx_ports import Port
from driftwheel.formats.onnx_summary import onnx_summary

onnx = pytest.importorskip("onnx", reason="the extra `embed` is not installed: no onnx")
helper, FLOAT = onnx.helper, onnx.TensorProto.FLOAT


def network(weights: np.ndarray[Any, Any] | None = None, **more: Any) -> bytes:
    held = np.zeros((12, 3), np.float32) if weights is None else weights
    shape = onnx.numpy_helper.from_array(np.array([-1, 12], np.int64), "shape")
    graph = helper.make_graph(
        [
            helper.make_node("Constant", [], ["half"], value=helper.make_tensor("h", FLOAT, [], [0.5])),
            helper.make_node("Mul", ["images", "half"], ["scaled"]),
            helper.make_node("Reshape", ["scaled", "shape"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["hidden"]),
            helper.make_node("Relu", ["hidden"], ["logits"]),
            helper.make_node("Own", ["logits"], ["scores"], domain="com.acme"),
        ],
        "test",
        [helper.make_tensor_value_info("images", FLOAT, ["n", 3, 2, 2])],
        [helper.make_tensor_value_info("scores", FLOAT, ["n", 3])],
        [onnx.numpy_helper.from_array(held, "weights"), shape],
    )
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("com.acme", 2)]
    made = helper.make_model(graph, opset_imports=sets, producer_name="acme", producer_version="3", **more)
    return bytes(made.SerializeToString())


def test_a_network_in_numbers() -> None:
    data = network()
    found = onnx_summary(data)
    assert found is not None
    assert found.size == len(data)
    assert found.producer == "acme 3"
    assert found.opsets == (("ai.onnx", 17), ("com.acme", 2))
    assert found.inputs == (Port("images", "float32", ("n", 3, 2, 2)),)
    assert found.layers == (("MatMul", 1), ("Mul", 1), ("Relu", 1), ("Reshape", 1), ("com.acme.Own", 1))
    assert (found.parameters, found.bits) == (37, 32)  # and the half


def test_weights_of_eight_bits_are_weights() -> None:
    found = onnx_summary(network(np.zeros((12, 3), np.int8)))
    assert found is not None
    assert (found.parameters, found.bits) == (37, 8)


def test_layers_of_branches_and_functions_are_counted() -> None:
    relu = helper.make_node("Relu", ["x"], ["y"])
    info = helper.make_tensor_value_info
    branch = helper.make_graph([relu], "branch", [], [info("y", FLOAT, [1])])
    choose = helper.make_node("If", ["c"], ["z"], then_branch=branch, else_branch=branch)
    graph = helper.make_graph(
        [choose], "test", [info("c", onnx.TensorProto.BOOL, [1])], [info("z", FLOAT, [1])]
    )
    own = helper.make_function("own", "Own", ["x"], ["y"], [relu], [helper.make_opsetid("", 17)])
    found = onnx_summary(bytes(helper.make_model(graph, functions=[own]).SerializeToString()))
    assert found is not None
    assert found.layers == (("Relu", 3), ("If", 1))
    assert (found.parameters, found.bits) == (0, 0)


@pytest.mark.parametrize("data", [b"", b"GIF89a", network()[:-7], b"\xff" * 40])
def test_what_is_no_network_has_no_numbers(data: bytes) -> None:
    assert onnx_summary(data) is None
