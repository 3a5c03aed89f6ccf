"""What an ONNX file holds, graphs within graphs and functions included: nothing is run, no weight is read.

The file is walked as Protocol Buffers (onnx.proto). Every occurrence of a field counts, since a reader puts
together what is given in several: whatever a reader may see, this has seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from driftwheel.formats.protobuf import fields

__all__ = ["OnnxContents", "onnx_contents"]

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
_OPERATOR, _DOMAIN = 4, 7  # of NodeProto
_EXTERNAL, _LOCATION = 13, 14  # of TensorProto
_MOST = 1 << 21  # fields: a large network has some 100,000


@dataclass(frozen=True, slots=True)
class OnnxContents:
    """What a file holds.

    Attributes
    ----------
    operators, domains
        Of all its nodes; of domains, those that are named.
    external
        Whether any of its numbers lie in another file, or in memory that the file names.
    functions
        Whether it defines operators of its own.
    """

    operators: frozenset[str]
    domains: frozenset[str]
    external: bool
    functions: bool


def onnx_contents(data: bytes) -> OnnxContents | None:
    """Return what a file holds; None for what is no ONNX file, or one of more than 2,097,152 fields.

    Examples
    --------
    >>> onnx_contents(b"GIF89a") is None
    True
    """
    operators: set[str] = set()
    domains: set[str] = set()
    external = functions = has_graph = False
    seen = 0
    waiting = [("model", memoryview(data))]
    try:
        while waiting:
            kind, message = waiting.pop()
            inside = _INSIDE[kind]
            functions |= kind == "function"
            has_graph |= kind == "graph"
            for field, value in fields(message):
                seen += 1
                if seen > _MOST:
                    return None
                if kind == "tensor":
                    external |= field == _EXTERNAL or (field == _LOCATION and value != 0)
                if not isinstance(value, memoryview):
                    continue
                if field in inside:
                    waiting.append((inside[field], value))
                elif kind == "node" and field in {_OPERATOR, _DOMAIN} and len(value):
                    (operators if field == _OPERATOR else domains).add(str(value, "utf-8", "replace"))
    except (ValueError, IndexError):
        return None
    if not has_graph:
        return None
    return OnnxContents(frozenset(operators), frozenset(domains), external, functions)
