"""What an ONNX file says it reads and writes, from its own description: nothing is run, no weight is read.

The file is a Protocol Buffers message (onnx.proto, fields by their numbers below); only the few fields asked
for are looked into, and everything else is stepped over.
"""

from __future__ import annotations

from dataclasses import dataclass

from driftwheel.formats.protobuf import fields

__all__ = ["Port", "onnx_ports"]

_GRAPH = 7  # of ModelProto
_INITIALIZER, _INPUT, _OUTPUT = 5, 11, 12  # of GraphProto
_TENSOR_NAME = 8  # of TensorProto
_NAME, _TYPE = 1, 2  # of ValueInfoProto
_TENSOR = 1  # of TypeProto
_KIND, _SHAPE = 1, 2  # of TypeProto.Tensor
_AXIS = 1  # of TensorShapeProto
_SIZE, _LETTER = 1, 2  # of TensorShapeProto.Dimension
_MOST = 32  # ports, and axes of one
_KINDS = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "text",
    9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 16: "bfloat16",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output: its name, what its numbers are, and its axes (a size, a name, or ``?``)."""

    name: str
    kind: str
    shape: tuple[int | str, ...]


def onnx_ports(data: bytes) -> tuple[tuple[Port, ...], tuple[Port, ...]] | None:
    """Return the inputs without a default and the outputs, 32 of each at most; None for what is no ONNX file.

    Examples
    --------
    >>> onnx_ports(b"GIF89a") is None
    True
    """
    try:
        graph = next((value for field, value in fields(memoryview(data)) if field == _GRAPH), None)
        if not isinstance(graph, memoryview):
            return None
        inputs: list[Port] = []
        outputs: list[Port] = []
        given: set[str] = set()
        for field, value in fields(graph):
            if not isinstance(value, memoryview):
                continue
            if field == _INITIALIZER:
                given.add(_text(value, _TENSOR_NAME))
            elif field in {_INPUT, _OUTPUT}:
                (inputs if field == _INPUT else outputs).append(_port(value))
    except (ValueError, IndexError):
        return None
    if not outputs:
        return None
    return tuple(one for one in inputs if one.name not in given)[:_MOST], tuple(outputs)[:_MOST]


def _port(info: memoryview) -> Port:
    tensor = _inside(_inside(info, _TYPE), _TENSOR)
    kind = next((value for field, value in fields(tensor) if field == _KIND), 0)
    axes = [value for field, value in fields(_inside(tensor, _SHAPE)) if field == _AXIS][:_MOST]
    known = _KINDS.get(kind, "?") if isinstance(kind, int) else "?"
    return Port(_text(info, _NAME), known, tuple(map(_axis, axes)))


def _axis(axis: int | memoryview) -> int | str:
    if isinstance(axis, memoryview):
        for field, value in fields(axis):
            if field == _SIZE and isinstance(value, int) and 0 < value < 2**63:
                return value
            if field == _LETTER and isinstance(value, memoryview) and len(value):
                return str(value, "utf-8", "replace")
    return "?"


def _inside(message: memoryview, wanted: int) -> memoryview:
    for field, value in fields(message):
        if field == wanted and isinstance(value, memoryview):
            return value
    return memoryview(b"")


def _text(message: memoryview, wanted: int) -> str:
    return str(_inside(message, wanted), "utf-8", "replace")
