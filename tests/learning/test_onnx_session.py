"""Content is opened as what it is: nothing that it names on this machine is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.learning.autoencoder import open_autoencoder
from driftwheel.learning.onnx_classifier import open_classifier
from driftwheel.learning.onnx_embedder import open_onnx
from driftwheel.learning.onnx_session import StoppedError, open_session, run_session
from driftwheel.services.models.register_model import _check_onnx

OPENERS: dict[str, Callable[[bytes], object]] = {
    "session": lambda data: open_session(data, threads=1, shown="This"),
    "classifier": lambda data: open_classifier(data, threads=1),
    "embedder": lambda data: open_onnx(data, threads=1, identity="mine"),
    "autoencoder": open_autoencoder,
    "upload": _check_onnx,
}


@pytest.fixture
def with_secret(write_channel_means: Callable[..., Path], tmp_path: Path) -> bytes:
    """A classifier that adds what is in a file of the server to its scores."""
    onnx = pytest.importorskip("onnx")
    (tmp_path / "driftwheel.sqlite").write_bytes(np.full(6, 7, np.float32).tobytes())
    model = onnx.load(write_channel_means())
    secret = onnx.numpy_helper.from_array(np.zeros(6, np.float32), "secret")
    onnx.external_data_helper.set_external_data(secret, "driftwheel.sqlite", offset=0, length=24)
    secret.ClearField("raw_data")
    model.graph.initializer.append(secret)
    model.graph.node.append(onnx.helper.make_node("Add", ["vectors", "secret"], ["told"]))
    model.graph.output[0].name = "told"
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("opener", list(OPENERS))
def test_what_content_names_is_not_read(
    opener: str, with_secret: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"its weights lie in another file.*onnx\.save"):
        OPENERS[opener](with_secret)


def test_nor_by_onnxruntime_itself(
    with_secret: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("driftwheel.learning.onnx_session.check_content", lambda *_, **__: None)
    with pytest.raises(UsageError, match=r"cannot be opened: it is no ONNX model, or damaged \("):
        open_session(with_secret, threads=1, shown="This")


def test_a_file_may_have_its_weights_beside_it(with_secret: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(with_secret)
    session: Any = open_session(path, threads=1, shown="This")
    (told,) = session.run(None, {"images": np.zeros((1, 3, 8, 8), np.float32)})
    np.testing.assert_array_equal(told, np.full((1, 6), 7, np.float32))


def test_a_network_that_does_not_end_is_stopped(
    write_onnx: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx = pytest.importorskip("onnx")
    helper, kinds = onnx.helper, onnx.TensorProto
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["goes"]), helper.make_node("Relu", ["a"], ["b"])],
        "body",
        [info("i", kinds.INT64, []), info("go", kinds.BOOL, []), info("a", kinds.FLOAT, None)],
        [info("goes", kinds.BOOL, []), info("b", kinds.FLOAT, None)],
    )
    path = write_onnx(
        [("Loop", ["trips", "yes", "x"], ["y"], {"body": body})],
        {"x": ("FLOAT", [3])},
        {"y": None},
        constants={"trips": np.array(2**62), "yes": np.array(True)},
    )
    session = open_session(path.read_bytes(), threads=1, shown="This")
    monkeypatch.setattr("driftwheel.learning.onnx_session._SECONDS", 0.2)
    with pytest.raises(StoppedError, match=r"did not end within 0\.2 seconds, and was stopped"):
        run_session(session, ["y"], {"x": np.ones(3, np.float32)})
