from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from driftwheel.cli import app
from driftwheel.errors import UsageError


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["labels", "convert", *map(str, words)], env={"COLUMNS": "120"})


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    boxes = [{"id": n, "image_id": 1, "category_id": 1, "bbox": [n + 0.5, 2, 3, 4]} for n in (1, 2)]
    images = [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}]
    value = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "cat"}]}
    (tmp_path / "a.json").write_text(json.dumps(value))
    return tmp_path / "a.json"


def test_it_says_what_was_converted(coco: Path, tmp_path: Path) -> None:
    done = run(coco, tmp_path / "b.xml")
    assert (done.exit_code, done.output) == (
        0,
        f"{tmp_path / 'b.xml'}: 1 image, 1 answer, 0 classes, 2 boxes (coco → cvat)\n",
    )


def test_a_trial_says_what_to_allow_and_ends_in_1(coco: Path, tmp_path: Path) -> None:
    words = coco, tmp_path / "voc", "--to-format", "voc"
    done = run(*words, "--dry-run")
    assert done.exit_code == 1
    assert (
        "lost: rounding 2 × (corners are rounded to whole pixels; not allowed), first 'a.jpg', box 1"
        in done.output
    )
    assert done.output.endswith("To convert all the same, give: --allow rounding\n")
    assert not (tmp_path / "voc").exists()
    done = run(*words, "--allow", "rounding")
    assert done.exit_code == 0
    assert "lost: rounding 2 ×" in done.output
    assert (tmp_path / "voc" / "Annotations" / "a.xml").is_file()


def test_a_loss_ends_it_and_a_wrong_name_is_helped(coco: Path, tmp_path: Path) -> None:
    refused = run(coco, tmp_path / "voc", "--to-format", "voc")
    assert isinstance(refused.exception, ValueError)
    assert "'a.jpg', box 1: 'cat' has corners between pixels" in str(refused.exception)
    wrong = run(coco, tmp_path / "voc", "--to-format", "voc", "--allow", "roundings")
    assert isinstance(wrong.exception, UsageError)
    assert str(wrong.exception).endswith("Did you mean 'rounding'?")
    assert run(coco, tmp_path / "voc", "--to-format", "voc", "--allow", "all").exit_code == 0
