from __future__ import annotations

import sys
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.demo.shot import DAYS, Shot
from driftwheel.demo.textile_week import SEVERITIES, plan_week, textile_images
from driftwheel.errors import MissingExtraError

IMAGES = {
    kind: [Path(f"{kind}/textile_{i:04}.jpg") for i in range(count)]
    for kind, count in (("nominal", 1000), ("local", 500), ("global", 500))
}


def test_the_package_holds_a_thousand_nominal_images_and_five_hundred_of_each_defect() -> None:
    pytest.importorskip("conformal_clip_data", reason="the extra 'demo' is not installed")
    images = textile_images()
    assert {kind: len(paths) for kind, paths in images.items()} == {
        "nominal": 1000,
        "local": 500,
        "global": 500,
    }


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "conformal_clip_data", None)
    with pytest.raises(MissingExtraError, match=r"The demo needs .* pip install 'driftwheel\[demo\]'"):
        textile_images()


def test_the_week_is_a_reference_of_500_and_seven_days_of_100_from_two_cameras() -> None:
    shots = plan_week(IMAGES, seed=0)
    assert Counter(shot.folder for shot in shots) == {"reference": 500} | {
        f"day-{d}": 100 for d in range(1, DAYS + 1)
    }
    assert Counter((shot.day, shot.camera) for shot in shots)[5, "right"] == 50


def test_only_the_right_camera_has_the_fault_from_day_4_on_and_it_grows() -> None:
    shots = plan_week(IMAGES, seed=0)
    seen = {(shot.day, shot.camera): shot.severity for shot in shots}
    assert {day for (day, camera), severity in seen.items() if severity} == {4, 5, 6, 7} == set(SEVERITIES)
    assert all(severity is None for (_, camera), severity in seen.items() if camera == "left")
    grades = [seen[day, "right"] for day in (4, 5, 6, 7)]
    assert grades == sorted(set(grades))


def test_the_name_tells_camera_and_time() -> None:
    first: Shot = plan_week(IMAGES, seed=0)[0]
    assert first.name == f"{first.camera}_{first.time:%Y%m%d_%H%M%S}.jpg"
    assert first.time.date().isoformat() == "2026-02-23"


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_image_is_used_twice_and_time_goes_forward_whatever_the_seed(seed: int) -> None:
    shots = plan_week(IMAGES, seed)
    assert len({shot.source for shot in shots}) == len(shots)
    assert len({(shot.folder, shot.name) for shot in shots}) == len(shots)
    assert all(later.time > sooner.time for sooner, later in pairwise(shots))
    assert all(timedelta(hours=6) <= timedelta(hours=shot.time.hour) < timedelta(hours=23) for shot in shots)
    assert shots == plan_week(IMAGES, seed)


def test_until_the_fault_sets_in_the_days_are_dealt_like_the_reference() -> None:
    """Over many seeds each day's share of defects is the reference's: nothing but chance tells them apart."""
    shares: Counter[str] = Counter()
    for seed in range(40):
        for shot in plan_week(IMAGES, seed):
            shares[shot.folder] += shot.source.parent.name != "nominal"
    per_image = {folder: n / (40 * (500 if folder == "reference" else 100)) for folder, n in shares.items()}
    assert max(abs(share - 0.2) for share in per_image.values()) < 0.03
