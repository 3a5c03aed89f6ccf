"""What the tests of the embedders share: a fake embedder, and small networks written as ONNX files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest


@dataclass(frozen=True)
class FakeEmbedder:
    """The mean colour of the image: everything an embedder must be, in two lines."""

    identity: str = "fake-1"
    dimensions: int = 3

    def prepare(self, pixels):
        return cv2.resize(pixels, (4, 4), interpolation=cv2.INTER_AREA)

    def embed(self, batch):
        return (batch.reshape(-1, 16, 3).mean(axis=1) / 255).astype(np.float32)


@pytest.fixture
def fake_embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture(autouse=True, scope="session")
def own_cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or writes the cache of the person who runs it."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTWHEEL_CACHE", str(folder))
        yield folder


@pytest.fixture
def write_onnx(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a network of given nodes to a file; skips without the extra."""
    onnx = pytest.importorskip("onnx", reason="the extra `embed` is not installed: no onnx")
    pytest.importorskip("onnxruntime", reason="the extra `embed` is not installed: no onnxruntime")

    def write(
        nodes: Sequence[tuple[str, list[str], list[str], dict[str, Any]]],
        inputs: dict[str, tuple[str, list[int | str]]],
        outputs: dict[str, list[int | str] | None],
        *,
        constants: dict[str, np.ndarray] | None = None,
        metadata: dict[str, str] | None = None,
        output_type: str = "FLOAT",
        name: str = "network.onnx",
    ) -> Path:
        of_type = onnx.TensorProto.DataType.Value
        info = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(
            [onnx.helper.make_node(op, given, made, **options) for op, given, made, options in nodes],
            "test",
            [info(key, of_type(kind), shape) for key, (kind, shape) in inputs.items()],
            [info(key, of_type(output_type), shape) for key, shape in outputs.items()],
            [onnx.numpy_helper.from_array(value, key) for key, value in (constants or {}).items()],
        )
        opset = [onnx.helper.make_opsetid("", 17)]
        model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
        for key, value in (metadata or {}).items():
            entry = model.metadata_props.add()
            entry.key, entry.value = key, value
        path = tmp_path / name
        onnx.save(model, path)
        return path

    return write


@pytest.fixture
def write_channel_means(write_onnx: Callable[..., Path]) -> Callable[..., Path]:
    """Return a function that writes a network whose vector is the mean of each channel it is fed."""

    def write(
        shape: Sequence[int | str] = ("n", 3, 8, 8),
        *,
        kind: str = "FLOAT",
        layout: str = "NCHW",
        **options: Any,
    ) -> Path:
        axes = [2, 3] if layout == "NCHW" else [1, 2]
        channels = shape[1] if layout == "NCHW" else shape[3]
        return write_onnx(
            [
                ("Cast", ["images"], ["floats"], {"to": 1}),
                ("ReduceMean", ["floats"], ["means"], {"axes": axes, "keepdims": 0}),
                ("Concat", ["means", "means"], ["vectors"], {"axis": 1}),
            ],
            {"images": (kind, list(shape))},
            {"vectors": [shape[0], 2 * int(channels)]},
            **options,
        )

    return write
