from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from driftwheel.demo.shot import Shot
from driftwheel.demo.write_week import ABOUT, TEXTILE, clear_folder, write_week
from driftwheel.errors import UsageError


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    path = tmp_path / "photo.jpg"
    cv2.imwrite(str(path), pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return path


def shot(source: Path, severity: int | None) -> Shot:
    return Shot(4, "right", datetime(2026, 3, 5, 6, 0, tzinfo=UTC), source, severity, "nominal")


def test_a_shot_without_the_fault_is_copied_byte_for_byte(photo: Path, tmp_path: Path) -> None:
    clear_folder(tmp_path / "out")
    counted: list[int] = []
    write_week(tmp_path / "out", [shot(photo, None)], fault="blur", seed=0, on_progress=counted.append)
    assert (tmp_path / "out" / "day-4" / "right_20260305_060000.jpg").read_bytes() == photo.read_bytes()
    assert counted == [1]


def test_a_shot_with_the_fault_is_blurred_and_keeps_size_and_format(photo: Path, tmp_path: Path) -> None:
    clear_folder(tmp_path / "out")
    write_week(tmp_path / "out", [shot(photo, 3)], fault="blur", seed=0)
    before = cv2.imread(str(photo))
    after = cv2.imread(str(tmp_path / "out" / "day-4" / "right_20260305_060000.jpg"))
    assert before is not None
    assert after is not None
    assert after.shape == before.shape
    assert cv2.Laplacian(after, cv2.CV_64F).var() < 0.1 * cv2.Laplacian(before, cv2.CV_64F).var()


def test_the_same_seed_writes_the_same_bytes(photo: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        clear_folder(tmp_path / name)
        write_week(tmp_path / name, [shot(photo, 5)], fault="blur", seed=3)
    one, two = (next((tmp_path / name).rglob("*.jpg")).read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_folder_of_the_demo_is_emptied_and_said_to_be_its_own(tmp_path: Path) -> None:
    clear_folder(tmp_path / "out")
    (tmp_path / "out" / "day-1").mkdir()
    (tmp_path / "out" / "day-1" / "left.jpg").write_bytes(b"old")
    (tmp_path / "out" / "report.html").write_text("old")
    clear_folder(tmp_path / "out", TEXTILE)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [ABOUT]
    assert "MIT licence" in (tmp_path / "out" / ABOUT).read_text(encoding="utf-8")


def test_a_folder_with_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(
        UsageError, match="is not empty and was not made by the demo; name a new folder with --out"
    ):
        clear_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_foreign_about_file_does_not_open_the_door(tmp_path: Path) -> None:
    (tmp_path / ABOUT).write_text("About my photos")
    with pytest.raises(UsageError, match="was not made by the demo"):
        clear_folder(tmp_path)
    assert (tmp_path / ABOUT).read_text() == "About my photos"


def test_a_file_in_the_way_is_refused(photo: Path) -> None:
    with pytest.raises(UsageError, match="is a file; name a new folder"):
        clear_folder(photo)
    assert photo.is_file()
