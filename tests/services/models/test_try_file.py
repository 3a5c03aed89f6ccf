"""Files from outside are tried apart: what does not end, takes all memory or crashes is told, and no more."""

from __future__ import annotations

import operator
import os
import sys
from typing import Any

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.services.models import askers
from driftwheel.services.models.askers import open_version
from driftwheel.services.models.try_file import try_file

onnx = pytest.importorskip("onnx", reason="the extra `embed` is not installed: no onnx")
pytest.importorskip("onnxruntime", reason="the extra `embed` is not installed: no onnxruntime")
helper, kinds = onnx.helper, onnx.TensorProto


def model(nodes: list[Any], constants: dict[str, Any]) -> bytes:
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("images", kinds.FLOAT, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("scores", kinds.FLOAT, None)],
        [onnx.numpy_helper.from_array(np.array(value), name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString())


def endless() -> bytes:
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["goes"]), helper.make_node("Relu", ["a"], ["b"])],
        "body",
        [info("i", kinds.INT64, []), info("go", kinds.BOOL, []), info("a", kinds.FLOAT, None)],
        [info("goes", kinds.BOOL, []), info("b", kinds.FLOAT, None)],
    )
    means = helper.make_node("ReduceMean", ["images"], ["means"], axes=[2, 3], keepdims=0)
    loop = helper.make_node("Loop", ["trips", "yes", "means"], ["scores"], body=body)
    return model([means, loop], {"trips": 2**62, "yes": True})


def huge(numbers: int) -> bytes:
    fill = helper.make_node("ConstantOfShape", ["size"], ["zeros"])
    added = helper.make_node("ReduceMax", ["zeros"], ["most"], keepdims=0)
    means = helper.make_node("ReduceMean", ["images"], ["means"], axes=[2, 3], keepdims=0)
    return model(
        [fill, added, means, helper.make_node("Add", ["means", "most"], ["scores"])], {"size": [numbers]}
    )


def test_what_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwheel.services.models.try_file._SECONDS", 2.0)
    with pytest.raises(UsageError, match=r"took longer than 2 seconds to try it\. Look for a loop"):
        open_version(endless(), ())


@pytest.mark.parametrize(
    "numbers",
    [2**60, pytest.param(2**31, marks=pytest.mark.skipif(sys.platform != "linux", reason="no bound here"))],
)
def test_what_needs_more_memory_than_there_is_is_told(numbers: int) -> None:
    with pytest.raises(UsageError, match=r"The model onnx:.* cannot be used\. It fails on"):
        open_version(huge(numbers), ())


def test_crashes_and_errors_are_told() -> None:
    with pytest.raises(
        UsageError, match="This cannot be used: it needs too much memory, or ends the process"
    ):
        try_file(os._exit, 3, shown="This")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"This cannot be used: it fails when it is tried \(bad operand"):
        try_file(operator.neg, b"x", shown="This")


def test_a_file_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    monkeypatch.setattr(askers, "try_file", lambda *_, **__: tried.append(1))
    means = helper.make_node("ReduceMean", ["images"], ["scores"], axes=[2, 3], keepdims=0)
    for _ in range(2):
        assert open_version(model([means], {}), "abc").classes == ("a", "b", "c")
    assert tried == [1]
