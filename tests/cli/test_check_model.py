"""`driftwheel check --model`: an ONNX file and a list of names in, scores in the answer out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import cv2
import jsonschema
import numpy as np
import pytest
from tests.cli.commands import run_command

from driftwheel.report.json_document import json_schema

QUIET = ["--embedder", "none", "--no-diagnosis", "--no-progress"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images that are mostly red, green or blue, in two mixes, and a network whose logits are these."""
    onnx = pytest.importorskip("onnx", reason="the extra `embed` is not installed: no onnx")
    pytest.importorskip("onnxruntime", reason="the extra `embed` is not installed: no onnxruntime")
    path = tmp_path_factory.mktemp("model")
    rng = np.random.default_rng(0)
    for name, n, shares in (("train", 80, (0.4, 0.3, 0.3)), ("now", 40, (0.1, 0.1, 0.8))):
        (path / name).mkdir()
        for i, channel in enumerate(rng.choice(3, p=shares, size=n)):
            pixels = rng.integers(60, 120, (16, 16, 3))
            pixels[..., 2 - channel] += 60  # BGR
            assert cv2.imwrite(str(path / name / f"{i:03}.png"), pixels.astype(np.uint8))
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("Mul", ["means", "sure"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("images", kind, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("logits", kind, ["n", 3])],
        [onnx.numpy_helper.from_array(np.array(20.0, np.float32), "sure")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path / "colours.onnx")
    (path / "names.txt").write_text("red\ngreen\nblue\n", encoding="utf-8")
    return path


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run_command(folder, "check", "train", "now", *QUIET, *options)


def test_scores_are_in_the_answer_the_json_and_the_report(folder: Path) -> None:
    options = ("--model", "colours.onnx", "--classes", "names.txt")
    done = run(folder, *options, "--json", "answer.json", "--report", "report.html")
    assert done.returncode == 0, done.stderr
    assert "model's scores" in done.stdout
    assert "blue" in done.stdout
    document = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, json_schema())
    assert document["verdict"] == "drift"
    assert document["kind"] == "content"
    assert document["scores"]["drifted"] is True
    assert document["scores"]["classes"][0]["name"] == "blue"
    assert "Mix of predicted classes" in (folder / "report.html").read_text(encoding="utf-8")


def test_names_that_do_not_fit_the_model_are_said_in_one_line(folder: Path) -> None:
    (folder / "two.txt").write_text("red\ngreen\n", encoding="utf-8")
    done = run(folder, "--model", "colours.onnx", "--classes", "two.txt")
    assert done.returncode == 1
    assert "3 classes apart, but 2 names were given (red, green)" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_model_that_is_not_there(folder: Path) -> None:
    done = run(folder, "--model", "none.onnx")
    assert done.returncode == 1
    assert "no such file" in " ".join(done.stderr.split())


def test_accuracy_by_folders_and_the_exit_code(folder: Path) -> None:
    rng = np.random.default_rng(5)
    for name, n in (("labelled", 160), ("dull", 60)):
        for i, channel in enumerate(rng.integers(3, size=n)):
            shown = channel if i % 8 else (channel + 1) % 3  # one in eight looks like another colour
            apart = rng.uniform(8, 60) if i % 8 else rng.uniform(4, 12)
            pixels = rng.integers(60, 120, (16, 16, 3)).astype(float)
            pixels[..., 2 - shown] += apart if name == "labelled" else apart / 8
            colour = ("red", "green", "blue")[channel]
            place = folder / name / (colour if name == "labelled" else "")
            place.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(place / f"{i:03}.png"), pixels.astype(np.uint8))
    model = ["--model", "colours.onnx", "--classes", "names.txt"]

    def check(*options: str) -> subprocess.CompletedProcess[str]:
        return run_command(folder, "check", "labelled", "dull", *QUIET, *options)

    by_folder = check(*model, "--json", "-", "--least-accuracy", "1")
    accuracy = json.loads(by_folder.stdout)["accuracy"]
    assert accuracy["n_reference"] == 160
    assert abs(accuracy["reference"] - 0.875) < 0.03
    assert by_folder.returncode == (5 if accuracy["told"] and accuracy["high"] < 1 else 0)
    refused = check(*model, "--truth", "none", "--least-accuracy", "0.5")
    assert refused.returncode == 1
    assert "no truth of the reference is known" in " ".join(refused.stderr.split())
