"""Which image is whose, and when."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from driftwheel.demo.folder_story import folder_settings, plan_folder_story
from driftwheel.demo.story_plan import Schedule, StoryPlan, plan_story
from driftwheel.errors import SourceError
from driftwheel.wheel.wheel_policy import WheelPolicy

UNTIL = date(2026, 3, 10)


def class_folders(folder: Path, images: int, *classes: str) -> Path:
    for kind in classes:
        (folder / kind).mkdir(parents=True)
        for i in range(images):
            (folder / kind / f"{i:04}.jpg").touch()
    return folder


def planned(folder: Path, seed: int = 0, per_day: int = 90) -> StoryPlan:
    return plan_folder_story(folder, UNTIL, seed, severity=3, per_day=per_day)


def test_a_third_is_learnt_from_and_no_image_comes_twice(tmp_path: Path) -> None:
    plan = planned(class_folders(tmp_path, 700, "cat", "dog"))
    assert (len(plan.reference), len(plan.known)) == (466, 40)
    assert [len(day) for day in plan.days] == [90] * 9
    assert plan.classes == ("cat", "dog")
    shots = [*plan.reference, *plan.known, *(one for day in plan.days for one in day)]
    assert len({one.source for one in shots}) == len(shots)
    assert len({one.name for one in shots}) == len(shots)
    assert all(one.source.parent.name == one.label for one in shots)


def test_train_and_production_are_taken_as_they_are(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", 200, "cat", "dog")
    class_folders(tmp_path / "production", 300, "cat", "dog")
    plan = planned(tmp_path, seed=1)
    assert {one.source.parts[-3] for one in plan.reference} == {"train"}
    assert {one.source.parts[-3] for day in plan.days for one in day} == {"production"}
    assert [len(day) for day in plan.days] == [(600 - 40) // 9] * 9


def test_time_goes_forward_and_the_last_day_is_the_one_that_was_given(tmp_path: Path) -> None:
    plan = planned(class_folders(tmp_path, 523, "cat", "dog"), seed=2)
    shots = [*plan.reference, *plan.known, *(one for day in plan.days for one in day)]
    assert all(later.time >= sooner.time for sooner, later in pairwise(shots))
    assert [{one.time.date() for one in day} for day in plan.days] == [
        {date(2026, 3, number)} for number in range(2, 11)
    ]
    assert {one.time.date() for one in plan.known} == {date(2026, 3, 1)}


def test_only_the_right_camera_is_damaged_and_from_its_day_on(tmp_path: Path) -> None:
    plan = planned(class_folders(tmp_path, 700, "cat", "dog"))
    bad = Counter(one.day for day in plan.days for one in day if one.severity == 3)
    assert bad == dict.fromkeys(range(4, 10), 45)
    assert {one.camera for day in plan.days for one in day if one.severity} == {"right"}


def test_another_schedule(tmp_path: Path) -> None:
    images = [(kind, tmp_path / f"{kind}{i}.jpg") for kind in ("cat", "dog") for i in range(200)]
    schedule = Schedule(3, 2, 2, 2)
    plan = plan_story(
        images, images, until=UNTIL, severity=2, seed=0, per_day=50, known=20, schedule=schedule
    )
    assert [sum(one.severity is not None for one in day) for day in plan.days] == [0, 25, 25]


def test_the_wheel_takes_the_policy_of_such_a_story(tmp_path: Path) -> None:
    settings = folder_settings(planned(class_folders(tmp_path, 700, "cat", "dog")))
    assert WheelPolicy.from_json(settings["policy"]).holdout == 50


def test_a_class_of_a_few_is_learnt_from_too(tmp_path: Path) -> None:
    folder = class_folders(tmp_path, 340, "cat", "dog")
    class_folders(tmp_path / "rare", 3, "bird")
    (tmp_path / "rare" / "bird").rename(tmp_path / "bird")
    (tmp_path / "rare").rmdir()
    for junk in (".git", "__MACOSX"):
        class_folders(folder, 1, junk)
    plan = planned(folder, seed=3)
    learnt = Counter(one.label for one in plan.reference)
    assert set(learnt) == {"bird", "cat", "dog"}
    assert abs(learnt["cat"] - learnt["dog"]) <= 1


def test_the_fewest_images_that_a_story_can_be_told_of(tmp_path: Path) -> None:
    plan = planned(class_folders(tmp_path, 280, "cat", "dog"))
    assert (len(plan.reference), len(plan.known), len(plan.days[0])) == (160, 40, 40)


def test_too_few_images_or_classes_are_refused_with_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has 558 images in its folders; a story needs at least 560"):
        planned(class_folders(tmp_path / "few", 279, "cat", "dog"))
    with pytest.raises(
        SourceError, match=r"one has images of 'cat' alone\. Sort images into a folder for each"
    ):
        planned(class_folders(tmp_path / "one", 600, "cat"))
    with pytest.raises(SourceError, match="There is no folder"):
        planned(tmp_path / "none")
    class_folders(tmp_path / "half" / "train", 10, "cat", "dog")
    with pytest.raises(SourceError, match="beside 'train' none that is called 'production'"):
        planned(tmp_path / "half")
    class_folders(tmp_path / "both" / "train", 70, "cat", "dog")
    class_folders(tmp_path / "both" / "production", 300, "cat", "dog")
    with pytest.raises(
        SourceError, match=r"140 images to learn from and 600 that come later.*least 160 and 400"
    ):
        planned(tmp_path / "both")
    images = [(kind, tmp_path / f"{kind}{i}.jpg") for kind in ("cat", "dog") for i in range(200)]
    with pytest.raises(SourceError, match="and none to learn from"):
        plan_story(images, [("bird", tmp_path / "b.jpg")], until=UNTIL, severity=1, seed=0)
