"""An ONNX graph written down node by node, without the packages that export one from a framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import MissingExtraError

__all__ = ["OnnxGraph"]

_OPSET, _IR = 18, 8

Port = tuple[str, Literal["UINT8", "FLOAT"], list[int | str]]


@dataclass(slots=True)
class OnnxGraph:
    """An ONNX graph that grows node by node; every method that adds returns the name of what it adds.

    Attributes
    ----------
    what, extra
        What needs the graph, and the extra that brings the package ``onnx``: `MissingExtraError` names them.
    """

    what: str
    extra: str
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def add(self, operator: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """Add a node of one output."""
        output = output or f"{operator}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, numbers: NDArray[Any], name: str = "") -> str:
        """Add an array that the file holds, under a name of its own where it is to be found again."""
        name = name or f"constant_{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(numbers), name))
        return name

    def scalar(self, number: float) -> str:
        """Add a single float32."""
        return self.constant(np.array(number, dtype=np.float32))

    def to_bytes(
        self, name: str, entering: Port, leaving: Port, metadata: Mapping[str, str] | None = None
    ) -> bytes:
        """Return the checked model; the same graph gives the same bytes.

        Parameters
        ----------
        entering, leaving
            Name, type and shape of the one input and the one output; a text in a shape is an axis of any
            length.
        metadata
            Kept in the file's ``metadata_props``.
        """
        onnx = self.onnx
        ports = [
            onnx.helper.make_tensor_value_info(port, getattr(onnx.TensorProto, kind), shape)
            for port, kind, shape in (entering, leaving)
        ]
        graph = onnx.helper.make_graph(self.nodes, name, ports[:1], ports[1:], self.constants)
        opset = [onnx.helper.make_opsetid("", _OPSET)]
        model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=_IR, producer_name="driftwheel")
        if metadata:
            onnx.helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString(deterministic=True))

    @property
    def onnx(self) -> Any:
        """The package ``onnx``."""
        try:
            import onnx
        except ImportError:
            raise MissingExtraError(self.what, self.extra) from None
        return onnx
