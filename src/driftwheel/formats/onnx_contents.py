"""What an ONNX file holds, graphs within graphs and functions included: nothing is run, no weight is read."""

from __future__ import annotations

from dataclasses import dataclass

from driftwheel.formats.onnx_messages import onnx_messages

__all__ = ["OnnxContents", "onnx_contents"]

_OPERATOR, _DOMAIN = 4, 7  # of NodeProto
_EXTERNAL, _LOCATION = 13, 14  # of TensorProto


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
    named = {_OPERATOR: operators, _DOMAIN: domains}
    external = functions = has_graph = False
    try:
        for kind, found in onnx_messages(data):
            functions |= kind == "function"
            has_graph |= kind == "graph"
            for field, value in found:
                if kind == "tensor":
                    external |= field == _EXTERNAL or (field == _LOCATION and value != 0)
                elif kind == "node" and field in named and isinstance(value, memoryview) and len(value):
                    named[field].add(str(value, "utf-8", "replace"))
    except (ValueError, IndexError):
        return None
    if not has_graph:
        return None
    return OnnxContents(frozenset(operators), frozenset(domains), external, functions)
