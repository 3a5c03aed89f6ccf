"""The story of the eyes at a real server, from training to the day after the turn, on eyes that are drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.demo.eyes.drawn_eyes import draw_eyes

pytest.importorskip("torch", reason="the extra 'train' is not installed")

from driftwheel.demo.eyes.eyes_story import POLICY, EyesDay, tell_eyes
from driftwheel.demo.eyes.published_eyes import read_eyes
from driftwheel.demo.eyes.share_out_eyes import clearness, share_out_eyes


@pytest.mark.slow
def test_the_wheel_turns_on_eyes_that_are_blurred_and_dark(tmp_path: Path) -> None:
    eyes = read_eyes(draw_eyes(tmp_path / "eyes", 240))
    parts = share_out_eyes(eyes, clearness(eyes), 0)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    with tell_eyes(parts, tmp_path / "demo", yesterday) as story:
        happened = list(story.happenings())
        (turn,) = story.wheel.turns()
        exams = dict(story.exams())
    days = [one for one in happened if isinstance(one, EyesDay)]
    assert [one.answer for one in days[:2]] == ["no_drift", "drift"]
    assert len(days) == 3
    steps = [one["name"] for one in turn["steps"]]
    assert steps[:6] == ["select", "label", "consensus", "measure", "dataset", "train"]
    assert turn["cost"]["labels"] >= POLICY["images"]
    assert any(isinstance(one, str) and one.startswith("people: ") for one in happened)
    trained, repaired = exams["trained-1"], exams["turn-1"]
    assert repaired.new > trained.new
    assert repaired.old >= trained.old - 0.02
