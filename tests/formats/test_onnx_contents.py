"""Every node and every number of a file is seen, wherever it stands and however it is written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.formats.onnx_contents import onnx_contents

onnx = pytest.importorskip("onnx", reason="the extra `embed` is not installed: no onnx")
helper, FLOAT = onnx.helper, onnx.TensorProto.FLOAT


def tensor(*, external: bool) -> Any:
    made = helper.make_tensor("weights", FLOAT, [1], [1.0])
    if external:
        made.ClearField("float_data")
        made.data_location = onnx.TensorProto.EXTERNAL
        made.external_data.add(key="location", value="driftwheel.sqlite")
    return made


def graph(*nodes: Any, weights: tuple[Any, ...] = ()) -> Any:
    info = helper.make_tensor_value_info
    return helper.make_graph(
        list(nodes), "test", [info("x", FLOAT, [1])], [info("y", FLOAT, [1])], list(weights)
    )


def model(held: Any, **more: Any) -> bytes:
    return bytes(helper.make_model(held, **more).SerializeToString())


def places(*, external: bool) -> dict[str, bytes]:
    """Return files that hold numbers in every place that the format has for them."""
    held = tensor(external=external)
    node = helper.make_node("Constant", [], ["y"], value=held)
    many = helper.make_node("Constant", [], ["y"])
    many.attribute.append(helper.make_attribute("values", [held]))
    sparse = onnx.SparseTensorProto(values=held)
    bare = graph()
    bare.sparse_initializer.append(sparse)
    scattered = helper.make_node("Constant", [], ["y"], sparse_value=sparse)
    function = helper.make_function(
        "own", "Own", ["x"], ["y"], [node], [helper.make_opsetid("", 18)], attributes=[]
    )
    trained = helper.make_model(graph())
    trained.training_info.add(algorithm=graph(weights=(held,)))
    within = graph(helper.make_node("If", ["x"], ["y"], then_branch=graph(node), else_branch=graph()))
    return {
        "initializer": model(graph(weights=(held,))),
        "constant": model(graph(node)),
        "constants": model(graph(many)),
        "sparse": model(bare),
        "sparse constant": model(graph(scattered)),
        "branch": model(within),
        "function": model(graph(), functions=[function]),
        "training": trained.SerializeToString(),
        "second graph": model(graph()) + model(graph(weights=(held,))),
    }


@pytest.mark.parametrize("place", list(places(external=True)))
def test_numbers_of_another_file_are_seen(place: str) -> None:
    for external in (True, False):
        found = onnx_contents(places(external=external)[place])
        assert found is not None
        assert found.external is external


def test_a_tag_with_bits_that_readers_drop_hides_nothing() -> None:
    inside = graph(weights=(tensor(external=True),)).SerializeToString()
    tag = (7 << 3 | 2) + (1 << 32)
    written = bytes([tag & 0x7F | 0x80, 0x80, 0x80, 0x80, tag >> 28])
    length = bytes([len(inside) & 0x7F | 0x80, len(inside) >> 7])
    found = onnx_contents(model(graph()) + written + length + inside)
    assert found is not None
    assert found.external


def test_operators_within_branches_and_functions_are_named() -> None:
    inner = helper.make_node("Own", ["x"], ["y"], domain="own")
    loop = helper.make_node("Loop", ["x"], ["y"], body=graph(inner))
    function = helper.make_function(
        "own", "Own", ["x"], ["y"], [helper.make_node("Relu", ["x"], ["y"])], [helper.make_opsetid("", 18)]
    )
    found = onnx_contents(model(graph(loop), functions=[function]))
    assert found is not None
    assert (found.operators, found.domains, found.functions) == ({"Loop", "Own", "Relu"}, {"own"}, True)


@given(st.integers(0, 200), st.binary(max_size=40))
def test_damage_is_none_or_something_and_never_an_error(cut: int, junk: bytes) -> None:
    onnx_contents(places(external=False)["branch"][:cut] + junk)
    onnx_contents(junk)


def test_no_file_takes_for_ever_to_look_through() -> None:
    assert onnx_contents(b"\x08\x01" * (1 << 21) + model(graph())) is None
