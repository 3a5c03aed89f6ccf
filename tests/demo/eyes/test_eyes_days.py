from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from tests.demo.eyes.drawn_eyes import draw_eyes

from driftwheel.demo.eyes.eyes_days import plan_days, write_labelled
from driftwheel.demo.eyes.published_eyes import read_eyes
from driftwheel.demo.eyes.share_out_eyes import SharedOut, clearness, share_out_eyes


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> SharedOut:
    eyes = read_eyes(draw_eyes(tmp_path_factory.mktemp("eyes") / "drawn", 40))
    return share_out_eyes(eyes, clearness(eyes), 0)


def test_days_follow_each_other_and_the_last_is_the_one_that_was_named(parts: SharedOut) -> None:
    plan = plan_days(parts, date(2026, 3, 4))
    assert [{shot.time.date().day for shot in day} for day in plan.all] == [{2}, {3}, {4}]
    assert all(sooner.time < later.time for day in plan.all for sooner, later in pairwise(day))
    names = [shot.name for day in plan.all for shot in day]
    assert len(set(names)) == len(names)


def test_what_changes_comes_after_a_calm_day_and_the_day_after_has_other_people(parts: SharedOut) -> None:
    plan = plan_days(parts, date(2026, 3, 4), per_day=20)
    people = {one.file: one.person for part in (parts.old_test, parts.production) for one in part}
    calm, changed, after = ({people[shot.source] for shot in day} for day in plan.all)
    assert calm <= {one.person for one in parts.old_test}
    assert not changed & after
    assert max(map(len, plan.all)) <= 20
    assert not {one.file for one in parts.new_test} & {shot.source for day in plan.all for shot in day}


def test_splits_and_the_reference_keep_people_apart(parts: SharedOut, tmp_path: Path) -> None:
    reference = write_labelled(tmp_path, parts)
    written = {
        split: {path.name.partition("_")[2] for path in (tmp_path / "images" / split).rglob("*.jpg")}
        for split in ("train", "val", "test")
    }
    assert written["train"] == {one.file.name for one in parts.learnt}
    held = {path.name.partition("_")[2] for path in reference.rglob("*.jpg")}
    calm = {shot.source.name for shot in plan_days(parts, date(2026, 3, 4)).calm}
    assert held <= written["val"] | written["test"]
    assert not held & calm
    assert held | calm == written["val"] | written["test"]
    assert {path.parent.name for path in reference.rglob("*.jpg")} == {"closed", "open"}
