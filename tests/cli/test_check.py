"""`driftwheel check` as a person runs it: from two folders to an answer, a report, JSON and an exit code."""

import json
import subprocess
from pathlib import Path

import cv2
import jsonschema
import numpy as np
import pytest
from tests.cli.commands import run_command

from driftwheel.images.faults import apply_fault
from driftwheel.report.json_document import json_schema


def scene(rng: np.random.Generator) -> np.ndarray:
    """A few bright discs on a textured ground, 64 × 64 px."""
    pixels = np.full((64, 64, 3), rng.integers(60, 110, 3), np.uint8)
    for _ in range(6):
        centre = tuple(int(v) for v in rng.integers(0, 64, 2))
        cv2.circle(pixels, centre, int(rng.integers(3, 12)), rng.integers(0, 255, 3).tolist(), -1)
    noise = rng.normal(0, 6, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def write(folder: Path, n: int, seed: int, fault: str | None = None) -> None:
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for i in range(n):
        pixels = scene(rng)
        if fault is not None:
            pixels = apply_fault(pixels, fault, 4, seed=1)
        assert cv2.imwrite(str(folder / f"{i:03}.jpg"), pixels)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("check")
    write(path / "train", 150, 1)
    write(path / "same", 60, 2)
    write(path / "blurred", 60, 3, fault="blur")
    write(path / "few", 8, 4, fault="blur")
    (path / "empty").mkdir()
    (path / "same" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 this is no image")
    return path


def check(folders: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_command(folders, "check", *arguments, "--embedder", "gist", COLUMNS="80")


def test_no_drift_is_exit_code_0_and_an_unreadable_file_is_named(folders: Path):
    done = check(folders, "train", "same", "--fail-on", "drift", "--json", "answer.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("No drift")
    assert "truncated" in done.stdout
    assert "Unreadable current images:\n  broken.jpg: truncated\n" in done.stdout
    assert done.stderr == ""
    unreadable = json.loads((folders / "answer.json").read_text())["unreadable"]
    assert unreadable == [{"image": "broken.jpg", "reason": "truncated"}]


def test_drift_with_fail_on_is_exit_code_3_and_the_fault_is_named(folders: Path, tmp_path: Path):
    report, answer = tmp_path / "report.html", tmp_path / "answer.json"
    done = check(
        folders, "train", "blurred", "--fail-on", "drift", "--report", str(report), "--json", str(answer)
    )
    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith("Drift")
    document = json.loads(answer.read_text())
    jsonschema.validate(document, json_schema())
    assert document["verdict"] == "drift"
    assert document["kind"] == "appearance"
    assert document["diagnosis"][0]["fault"] == "blur"
    assert abs(document["diagnosis"][0]["severity"] - 4) <= 1
    assert (document["n_reference"], document["n_current"]) == (150, 60)
    assert document["exemplars"][0].endswith(".jpg")
    page = report.read_text()
    assert "blur" in page
    assert len(page) < 6_000_000
    assert page.count("data:image/jpeg") >= 16


def test_drift_without_fail_on_is_exit_code_0(folders: Path):
    done = check(folders, "train", "blurred", "--no-diagnosis")
    assert done.returncode == 0
    assert done.stdout.startswith("Drift")
    assert "none of the known" not in done.stdout


def test_eight_images_are_insufficient_however_different(folders: Path):
    done = check(folders, "train", "few", "--fail-on", "drift")
    assert done.returncode == 4
    assert "12" in done.stdout


def test_json_on_standard_output_is_all_there_is(folders: Path):
    done = check(folders, "train", "few", "--json", "-")
    assert json.loads(done.stdout)["verdict"] == "insufficient"
    assert json.loads(done.stdout)["images_needed"] == 12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "smae"), "same"),
        (("train", "empty"), "no images"),
        (("train", "same", "--report", "nowhere/r.html"), "there is no folder 'nowhere'"),
        (("train", "same", "--false-alarms-per-year", "0"), "give a number above 0"),
        (("train",), "CURRENT"),
    ],
)
def test_a_mistake_is_one_line_on_standard_error_and_exit_code_1(folders: Path, arguments, message: str):
    done = check(folders, *arguments)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unknown_embedder_is_told_what_there_is(folders: Path):
    done = run_command(folders, "check", "train", "same", "--embedder", "gits")
    assert done.returncode == 1
    assert "Did you mean 'gist'" in done.stderr


def test_the_first_unreadable_images_are_named(folders: Path):
    for i in range(5):
        (folders / "train" / f"bad{i}.jpg").write_bytes(b"\xff\xd8\xff\xe0 this is no image")
    try:
        done = check(folders, "train", "few")
    finally:
        for i in range(5):
            (folders / "train" / f"bad{i}.jpg").unlink()
    listed = done.stdout.split("Unreadable reference images:\n")[1].splitlines()
    assert listed == [*(f"  bad{i}.jpg: truncated" for i in range(3)), "  and 2 more; --json lists them all"]


def test_the_same_place_twice_is_noted(folders: Path):
    for same in ("train", "./train", str(folders / "train")):
        done = check(folders, "train", same, "--no-diagnosis")
        assert "Both sides are the same place" in done.stdout
    assert "same place" not in check(folders, "train", "same", "--no-diagnosis").stdout


def test_the_same_command_gives_the_same_answer(folders: Path):
    first, second = (check(folders, "train", "blurred", "--no-diagnosis", "--json", "-") for _ in range(2))
    assert first.stdout == second.stdout
