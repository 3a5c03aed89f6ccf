"""The monitored model: logits become scores, probabilities stay, names fit, and errors say what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.learning.class_names import class_names, read_class_names
from driftwheel.learning.classifier import Classifier
from driftwheel.learning.onnx_classifier import open_classifier
from driftwheel.learning.onnx_network import open_image_network

MEANS = ("ReduceMean", ["images"], ["means"], {"axes": [2, 3], "keepdims": 0})
SOFTMAX = ("Softmax", ["means"], ["scores"], {"axis": 1})
INPUT = {"images": ("FLOAT", ["n", 3, 8, 8])}


@pytest.fixture
def reds(write_onnx):
    """A function that writes a network whose logits are the mean red, green and blue of an image."""

    def write(**options):
        nodes = [MEANS, ("Identity", ["means"], ["scores"], {})]
        return write_onnx(nodes, INPUT, {"scores": ["n", 3]}, **options)

    return write


def image(red: int, green: int, blue: int) -> np.ndarray:
    return np.full((20, 30, 3), (blue, green, red), np.uint8)


def test_logits_become_softmax_scores(reds) -> None:
    model = open_classifier(reds(), threads=1)
    assert isinstance(model, Classifier)
    assert model.logits
    assert model.classes == ("0", "1", "2")
    pixels = [(255, 0, 51), (0, 0, 0)]
    batch = np.stack([model.prepare(image(*one)) for one in pixels])
    logits = np.array(pixels) / 255
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert model.scores(batch) == pytest.approx(expected, abs=1e-6)
    assert model.scores(batch[:0]).shape == (0, 3)


def test_probabilities_stay_as_they_are(write_onnx) -> None:
    model = open_classifier(write_onnx([MEANS, SOFTMAX], INPUT, {"scores": ["n", 3]}), threads=1)
    assert not model.logits
    (row,) = model.scores(model.prepare(image(255, 0, 0))[None])
    assert row == pytest.approx(np.exp([1, 0, 0]) / (np.e + 2), abs=1e-6)


def test_there_are_no_more_classes_than_can_be_kept(write_onnx) -> None:
    wide = ("Tile", ["means", "times"], ["scores"], {})
    path = write_onnx([MEANS, wide], INPUT, {"scores": None}, constants={"times": np.array([1, 33_334])})
    with pytest.raises(UsageError, match="has 100,002 columns; at most 100,000 classes"):
        open_classifier(path, threads=1)


def test_a_large_input_is_given_few_images_at_once(write_onnx) -> None:
    for side, expected in ((8, 16), (2048, 5), (4096, 1)):
        model = {"images": ("FLOAT", ["n", 3, side, side])}
        path = write_onnx([MEANS], model, {"means": ["n", 3]})
        assert open_image_network(path, threads=1, shown="This").at_once == expected


def test_a_fixed_batch_and_content_instead_of_a_file(write_onnx) -> None:
    shape = {"images": ("FLOAT", [4, 3, 8, 8])}
    path = write_onnx([MEANS, SOFTMAX], shape, {"scores": [4, 3]})
    images = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 3), dtype=np.uint8)
    model = open_classifier(path.read_bytes(), threads=1)
    assert model.identity == "onnx:" + open_classifier(path, threads=1).identity.split(":")[2]
    assert model.scores(images).shape == (10, 3)
    assert model.scores(images).sum(axis=1) == pytest.approx(np.ones(10))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("driftwheel.classes", '["red", "green", "blue"]'),
        ("driftwheel.classes", "red, green, blue"),
        ("names", "{0: 'red', 1: 'green', 2: 'blue'}"),
        ("names", '{"0": "red", "2": "blue", "1": "green"}'),
    ],
)
def test_the_file_may_name_its_classes(reds, key: str, text: str) -> None:
    assert open_classifier(reds(metadata={key: text}), threads=1).classes == ("red", "green", "blue")


def test_names_that_are_given_go_before_those_of_the_file(reds) -> None:
    path = reds(metadata={"names": "a,b,c"})
    assert open_classifier(path, threads=1, classes=["r", "g", "b"]).classes == ("r", "g", "b")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["cat", "dog"], r"tells 3 classes apart, but 2 names were given \(cat, dog\)"),
        (["cat", "dog", "cat"], "'cat' stands for more than one class"),
        (["cat", "", "dog"], "name of class 1 is empty"),
    ],
)
def test_names_that_do_not_fit_are_refused(reds, names: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        open_classifier(reds(), threads=1, classes=names)


def test_one_column_is_refused_and_told_what_to_export(write_onnx) -> None:
    nodes = [("ReduceMean", ["images"], ["flat"], {"axes": [1, 2, 3], "keepdims": 0})]
    nodes.append(("Unsqueeze", ["flat", "axis"], ["score"], {}))
    path = write_onnx(nodes, INPUT, {"score": ["n", 1]}, constants={"axis": np.array([1])})
    with pytest.raises(UsageError, match=r"'score' float32 \(6, 1\).*export both columns"):
        open_classifier(path, threads=1)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(UsageError, match="no such file"):
        open_classifier(tmp_path / "none.onnx", threads=1)
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    with pytest.raises(UsageError, match="no ONNX model, or damaged"):
        open_classifier(tmp_path / "bad.onnx", threads=1)


def test_scores_that_are_not_finite_are_refused(write_onnx) -> None:
    nodes = [MEANS, ("Log", ["means"], ["scores"], {})]
    model = open_classifier(write_onnx(nodes, INPUT, {"scores": ["n", 3]}), threads=1)
    with pytest.raises(UsageError, match="not finite"):
        model.scores(np.zeros((1, 8, 8, 3), np.uint8))


def test_names_are_read_from_a_text_file(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("\ufeffcat\nred fox \n\n", encoding="utf-8")
    assert read_class_names(path) == ("cat", "red fox")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="no text in UTF-8"):
        read_class_names(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_class_names(tmp_path / "other.txt")


def test_names_that_cannot_be_parsed_are_one_text() -> None:
    assert class_names(1, None, {"names": "{'a': 'b'}"}) == ("{'a': 'b'}",)
