from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from driftwheel.demo.folder_week import plan_folder_week
from driftwheel.errors import SourceError

REPAIRED = {4: 2, 5: 3, 6: 4}


def class_folders(folder: Path, images: int, *classes: str) -> Path:
    for kind in classes:
        (folder / kind).mkdir(parents=True)
        for i in range(images):
            (folder / kind / f"{i:04}.jpg").touch()
    return folder


def test_half_becomes_the_reference_and_the_rest_the_week(tmp_path: Path) -> None:
    shots = plan_folder_week(class_folders(tmp_path, 700, "cat", "dog"), REPAIRED, seed=0)
    per_day = Counter(shot.day for shot in shots)
    assert per_day == {0: 700} | dict.fromkeys(range(1, 8), 100)
    assert len({shot.source for shot in shots}) == len(shots)
    assert {shot.label for shot in shots} == {"cat", "dog"}
    assert all(shot.source.parent.name == shot.label for shot in shots)


def test_train_and_production_are_taken_as_they_are(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", 200, "cat", "dog")
    class_folders(tmp_path / "production", 300, "cat", "dog")
    shots = plan_folder_week(tmp_path, REPAIRED, seed=1, per_day=80)
    assert {(shot.day == 0, shot.source.parts[-3]) for shot in shots} == {
        (True, "train"),
        (False, "production"),
    }
    assert Counter(shot.day for shot in shots if shot.day) == dict.fromkeys(range(1, 8), 80)


def test_time_goes_forward_each_day_lies_in_its_day_and_names_are_unique(tmp_path: Path) -> None:
    shots = plan_folder_week(class_folders(tmp_path, 523, "cat", "dog"), REPAIRED, seed=2)
    assert all(later.time >= sooner.time for sooner, later in pairwise(shots))
    assert len({(shot.folder, shot.name) for shot in shots}) == len(shots)
    assert len({shot.time.date() for shot in shots if shot.day}) == 7
    for shot in shots:
        assert not shot.day or shot.time.day == 1 + shot.day


def test_only_the_right_camera_is_bad_and_only_on_its_days(tmp_path: Path) -> None:
    shots = plan_folder_week(class_folders(tmp_path, 700, "cat", "dog"), REPAIRED, seed=0)
    bad = {(shot.day, shot.camera): shot.severity for shot in shots if shot.severity}
    assert bad == {(4, "right"): 2, (5, "right"): 3, (6, "right"): 4}


def test_too_few_images_or_classes_are_refused_with_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has 200 images; a week needs at least 560: 40 for each day"):
        plan_folder_week(class_folders(tmp_path / "few", 100, "cat", "dog"), REPAIRED, seed=0)
    with pytest.raises(SourceError, match="a folder of images for each of at least two classes"):
        plan_folder_week(class_folders(tmp_path / "one", 600, "cat"), REPAIRED, seed=0)
    with pytest.raises(SourceError, match="There is no folder"):
        plan_folder_week(tmp_path / "none", REPAIRED, seed=0)
