"""A network in a few numbers, from the description in its ONNX file: nothing is run, no weight is read."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from driftwheel.formats.onnx_messages import Field, onnx_messages
from driftwheel.formats.onnx_ports import Port, onnx_ports
from driftwheel.formats.protobuf import fields

__all__ = ["OnnxSummary", "onnx_summary"]

_PRODUCER, _PRODUCER_VERSION, _OPSET, _OPSET_DOMAIN, _OPSET_VERSION = 2, 3, 8, 1, 2  # of ModelProto
_OPERATOR, _DOMAIN = 4, 7  # of NodeProto
_DIMS, _KIND = 1, 2  # of TensorProto
_TEXT, _INT64, _BOOL = 8, 7, 9  # kinds of tensors that hold shapes and choices, no weights
_BITS = {1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 10: 16, 11: 64, 12: 32, 13: 64, 16: 16}
_OTHERS = ("", "ai.onnx")  # names of the standard's own operators


@dataclass(frozen=True, slots=True)
class OnnxSummary:
    """A network.

    Attributes
    ----------
    size
        Bytes of the file.
    producer
        What wrote it, with its version; empty where it does not say.
    opsets
        (domain, version) of the sets of operators it uses; the standard's own has the domain ``ai.onnx``.
    inputs, outputs
        In the file's order.
    layers
        (operator, how many), the most frequent first; constants are left out.
    parameters
        Numbers in its tensors that are weights: of whatever kind but text, truth values and 64-bit integers,
        which hold shapes.
    bits
        Of most of these, 0 without any.
    """

    size: int
    producer: str
    opsets: tuple[tuple[str, int], ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    layers: tuple[tuple[str, int], ...]
    parameters: int
    bits: int


def onnx_summary(data: bytes) -> OnnxSummary | None:
    """Return a network in a few numbers; None for what is no ONNX file.

    Operators of graphs within graphs and of functions count once each, however often they are run.

    Examples
    --------
    >>> onnx_summary(b"GIF89a") is None
    True
    """
    ports = onnx_ports(data)
    if ports is None:
        return None
    producer, version = "", ""
    opsets: dict[str, int] = {}
    layers: Counter[str] = Counter()
    weights: Counter[int] = Counter()
    try:
        for kind, found in onnx_messages(data):
            if kind == "model":
                producer, version = _text(found, _PRODUCER), _text(found, _PRODUCER_VERSION)
                opsets = dict(_opset(value) for field, value in found if field == _OPSET)
            elif kind == "node":
                domain, name = _text(found, _DOMAIN), _text(found, _OPERATOR)
                if name != "Constant":
                    layers[name if domain in _OTHERS else f"{domain}.{name}"] += 1
            elif kind == "tensor":
                its = next((value for field, value in found if field == _KIND), 0)
                if isinstance(its, int) and its not in {_TEXT, _INT64, _BOOL}:
                    weights[_BITS.get(its, 0)] += math.prod(_sizes(found))
    except (ValueError, IndexError):
        return None
    return OnnxSummary(
        len(data),
        f"{producer} {version}".strip(),
        tuple(sorted(opsets.items())),
        *ports,
        tuple(sorted(layers.items(), key=lambda one: (-one[1], one[0]))),
        weights.total(),
        max(weights, key=lambda bits: (weights[bits], bits), default=0),
    )


def _opset(value: int | memoryview) -> tuple[str, int]:
    found = list(fields(value)) if isinstance(value, memoryview) else []
    number = next((one for field, one in found if field == _OPSET_VERSION), 0)
    return _text(found, _OPSET_DOMAIN) or "ai.onnx", number if isinstance(number, int) else 0


def _text(found: Sequence[Field], wanted: int) -> str:
    texts = (one for field, one in found if field == wanted and isinstance(one, memoryview))
    return str(next(texts, memoryview(b"")), "utf-8", "replace")


def _sizes(found: Sequence[Field]) -> list[int]:
    """Return the sizes of a tensor's axes, whether they are packed into one field or not."""
    sizes: list[int] = []
    for field, value in found:
        if field != _DIMS:
            continue
        if isinstance(value, int):
            sizes.append(value)
            continue
        number = shift = 0
        for byte in value:
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                sizes.append(number)
                number = shift = 0
    return sizes
