"""Every message of an ONNX file, graphs within graphs and functions included: nothing is run.

The file is walked as Protocol Buffers (onnx.proto). Every occurrence of a field counts, since a reader puts
together what is given in several: whatever a reader may see, this has seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from driftwheel.formats.protobuf import fields

__all__ = ["Field", "onnx_messages"]

Field = tuple[int, "int | memoryview"]
"""The number of a field and its value: a number, or the bytes of what is inside."""

_INSIDE: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_MOST = 1 << 21  # fields: a large network has some 100,000


def onnx_messages(data: bytes) -> Iterator[tuple[str, list[Field]]]:
    """Yield the kind of each message, the model first, and its fields.

    Kinds are ``model``, ``graph``, ``training``, ``function``, ``node``, ``attribute``, ``sparse`` and
    ``tensor``.

    Raises
    ------
    ValueError, IndexError
        For what is no message, or one of more than 2,097,152 fields.
    """
    seen = 0
    waiting = [("model", memoryview(data))]
    while waiting:
        kind, message = waiting.pop()
        inside = _INSIDE[kind]
        found: list[Field] = []
        for field, value in fields(message):
            seen += 1
            if seen > _MOST:
                raise ValueError
            found.append((field, value))
            if field in inside and isinstance(value, memoryview):
                waiting.append((inside[field], value))
        yield kind, found
