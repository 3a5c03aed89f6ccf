"""Held against the package `onnx`, which writes the files; and against damage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.formats.onnx_ports import Port, onnx_ports

onnx = pytest.importorskip("onnx", reason="the extra `embed` is not installed: no onnx")

KINDS = {1: "float32", 2: "uint8", 7: "int64", 9: "bool", 10: "float16", 11: "float64", 16: "bfloat16"}
AXES = st.lists(st.integers(1, 2**40) | st.sampled_from(["n", "höhe"]) | st.none(), max_size=5)
PORTS = st.lists(
    st.tuples(st.sampled_from(sorted(KINDS)), AXES), min_size=1, max_size=4
)  # their names are told apart by number


def written(inputs: list, outputs: list, *, given: tuple[str, ...] = ()) -> bytes:
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["in 0"], ["out 0"])],
        "test",
        [info(f"in {i}", kind, shape) for i, (kind, shape) in enumerate(inputs)],
        [info(f"out {i}", kind, shape) for i, (kind, shape) in enumerate(outputs)],
        [onnx.helper.make_tensor(name, 1, [40], [1.0] * 40) for name in given],
    )
    return onnx.helper.make_model(graph, producer_name="test").SerializeToString()


def told(way: str, ports: list) -> tuple[Port, ...]:
    return tuple(
        Port(f"{way} {i}", KINDS[kind], tuple("?" if axis is None else axis for axis in shape))
        for i, (kind, shape) in enumerate(ports)
    )


@given(PORTS, PORTS)
def test_what_was_written_is_read(inputs: list, outputs: list) -> None:
    assert onnx_ports(written(inputs, outputs)) == (told("in", inputs), told("out", outputs))


def test_an_input_with_a_default_is_a_weight() -> None:
    data = written([(1, [1]), (1, [40])], [(1, [1])], given=("in 1",))
    found = onnx_ports(data)
    assert found is not None
    assert [one.name for one in found[0]] == ["in 0"]


@given(st.integers(0, 400), st.binary(max_size=40))
def test_damage_is_none_or_something_and_never_an_error(cut: int, junk: bytes) -> None:
    data = written([(1, ["n", 3, 8, 8])], [(1, ["n", 10])])
    onnx_ports(data[:cut] + junk)
    onnx_ports(junk)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x00" * 100, b"\xff" * 100, b"\x3a\x00"])
def test_what_is_no_onnx_file(data: bytes) -> None:
    assert onnx_ports(data) is None
