"""`driftwheel autoencoder` and `check --autoencoder`: from a folder to an answer, JSON and a report."""

import json
from pathlib import Path

import cv2
import jsonschema
import numpy as np
import pytest
from tests.learning.digits import digits, need_training
from typer.testing import CliRunner

from driftwheel.cli import app
from driftwheel.learning.autoencoder import open_autoencoder
from driftwheel.report.json_document import json_schema


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "120"})


def write(folder: Path, pictures: np.ndarray) -> Path:
    folder.mkdir()
    for i, picture in enumerate(pictures):
        large = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_CUBIC)
        assert cv2.imwrite(str(folder / f"{i:04}.png"), large)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reference of digits, more of them, and digits of which the left is right; and a trained network."""
    need_training()
    path = tmp_path_factory.mktemp("autoencoder")
    pictures = digits(600)
    write(path / "reference", pictures[:450])
    write(path / "same", pictures[450:520])
    write(path / "mirrored", pictures[520:, :, ::-1])
    options = ("--side", 16, "--grey", "--epochs", 12, "--threads", 1, "--noise", 0.1)
    done = run("autoencoder", path / "reference", path / "model.onnx", *options)
    assert done.exit_code == 0, done.output
    assert "Learnt from 315 of 450 images in 12 epochs. The 90 held out have an error of" in done.output
    assert f"--autoencoder {path / 'model.onnx'}" in done.output.replace("\n", " ")
    return path


def check(folders: Path, current: str, *options: object):
    given = ("--embedder", "none", "--no-diagnosis", "--threads", 1, "--autoencoder", folders / "model.onnx")
    return run("check", folders / "reference", folders / current, *given, *options)


def test_of_more_images_than_there_is_room_for_some_are_drawn(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("driftwheel.services.measure.prepare_pictures.MOST_BYTES", 120 * 16 * 16)
    options = ("--side", 16, "--grey", "--epochs", 1, "--threads", 1)
    done = run("autoencoder", folders / "reference", tmp_path / "model.onnx", *options)
    assert "Learnt from 84 of 120 images, drawn from 450, in 1 epochs." in done.output
    monkeypatch.setattr("driftwheel.services.measure.prepare_pictures.MOST_BYTES", 40 * 16 * 16)
    document = json.loads(check(folders, "same", "--json", "-").output)
    assert document["reconstruction"]["n_current"] == 40
    assert document["notes"] == ["The autoencoder was shown 40 of 70 current images, drawn at random."]


def test_the_settings_are_in_the_file(folders: Path):
    facts = open_autoencoder(folders / "model.onnx").facts
    assert (facts.shape.side, facts.shape.colour, facts.training.noise) == (16, False, 0.1)
    assert facts.reference.endswith("reference")


def test_more_of_the_same_is_no_drift(folders: Path):
    done = check(folders, "same", "--json", "-")
    document = json.loads(done.output)
    jsonschema.validate(document, json_schema())
    assert document["verdict"] == "no_drift"
    found = document["reconstruction"]
    assert (found["drifted"], found["n_reference"], found["n_current"]) == (False, 90, 70)
    assert document["false_alarms_per_year"] == 1.0
    assert document["notes"] == []
    assert document["alpha"] == pytest.approx(0.00273, abs=1e-4)


def test_what_was_not_learnt_is_drift_with_its_pictures(folders: Path, tmp_path: Path):
    done = check(
        folders,
        "mirrored",
        "--fail-on",
        "drift",
        "--report",
        tmp_path / "r.html",
        "--json",
        tmp_path / "a.json",
    )
    assert done.exit_code == 3, done.output
    assert "autoencoder" in done.output
    assert "drifted; errors rose by" in done.output
    document = json.loads((tmp_path / "a.json").read_text())
    jsonschema.validate(document, json_schema())
    found = document["reconstruction"]
    assert found["drifted"]
    assert found["effect"] > found["threshold"] > 0
    assert document["p_value"] <= 2 * found["p_value"]
    report = (tmp_path / "r.html").read_text()
    section = report.split('id="reconstruction"')[1].split("</section>")[0]
    assert section.count("<img ") == 16
    assert "held out from its training, errors rose by" in section
    assert "times the usual" in section


def test_too_few_images_are_not_judged(folders: Path):
    few = folders / "few"
    if not few.exists():
        write(few, digits(8))
    done = check(folders, "few", "--json", "-")
    assert (done.exit_code, json.loads(done.output)["reconstruction"]) == (4, None)
    assert json.loads(done.output)["alpha"] == pytest.approx(0.00273, abs=1e-4)


def test_without_it_nothing_is_said_of_it(folders: Path):
    done = run("check", folders / "reference", folders / "same", "--embedder", "none", "--json", "-")
    assert json.loads(done.output)["reconstruction"] is None


def test_mistakes_are_said_before_the_work(folders: Path, tmp_path: Path):
    missing = run("check", folders / "reference", folders / "same", "--autoencoder", tmp_path / "none.onnx")
    assert missing.exit_code == 1
    assert "none.onnx cannot be opened: No such file" in str(missing.exception)
    for options, message in (
        (("--side", 30), "multiple of 4, not 30; give 32"),
        (("--noise", 3), "noise is 3.0; give a number from 0 to 2"),
    ):
        done = run("autoencoder", folders / "reference", tmp_path / "m.onnx", *options)
        assert message in str(done.exception)
    done = run("autoencoder", folders / "same", tmp_path / "m.onnx", "--threads", 1)
    assert "at least 100 images, not 70" in str(done.exception)
    assert not (tmp_path / "m.onnx").exists()
