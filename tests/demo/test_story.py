"""The story at a real server, on fewer images and days: noticed, labelled, measured, told.

Labels cost seconds and trainings minutes, so here the turn ends where harm is measured; the steps after that
have tests of their own, and all of it together is told by bench/week.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytest.importorskip("conformal_clip_data", reason="the extra 'demo' is not installed")

from driftwheel.demo.people import People
from driftwheel.demo.predict_day import Predicted
from driftwheel.demo.story import Figure, StoryDay, tell_story
from driftwheel.demo.story_plan import Schedule
from driftwheel.demo.story_table import day_lines, story_lines, turn_lines, version_lines
from driftwheel.demo.textile_story import FAULT, GATE, POLICY, RECIPE, plan_textile_story
from driftwheel.demo.textile_week import textile_images

pytestmark = pytest.mark.long

PER_DAY = 60
FEW = {"images": 50, "golden_share": 0.3, "repair": False, "harm_margin": 0.5}
"""Labels of a turn, which ends without a training: no harm is as large as that."""

QUICK = """
from importlib.machinery import PathFinder

find = PathFinder.find_spec
SIMULATED = "driftwheel.services.check.simulate_faults"


def find_spec(name, *more):
    if name.partition(".")[0] == "torch":
        return None
    spec = find(name, *more)
    if name == SIMULATED:
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            module.MOST_IMAGES = 24

        spec.loader.exec_module = exec_module
    return spec


PathFinder.find_spec = find_spec
"""
"""What the server is told as it starts: there is no torch, as with the extra `demo` alone, so that a repair
takes seconds; and faults are simulated on few images, as in `tests.faulty_images`."""


@dataclass
class Lived:
    """The days, and what the server says in the end."""

    days: Sequence[StoryDay]
    turns: Sequence[Mapping[str, Any]]
    versions: Sequence[Mapping[str, Any]]
    people: People
    figures: Mapping[int, tuple[Figure | None, Figure | None]]
    told: Sequence[str]


@pytest.fixture(scope="module")
def quick_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the server and its workers begin with `QUICK`."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text(QUICK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        yield


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, quick_server: None) -> Lived:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    schedule = Schedule(days=2, damaged=2, labellers=2, lead=2)
    plan = plan_textile_story(textile_images(), yesterday, 0, per_day=PER_DAY, learnt=240, schedule=schedule)
    told: list[str] = []
    with tell_story(
        plan,
        tmp_path_factory.mktemp("story") / "demo",
        "textile",
        fault=FAULT,
        recipe=RECIPE,
        policy={**POLICY, **FEW},
        gate=GATE,
        settle=0.5,
        tell=told.append,
    ) as story:
        days = list(story.days())
        return Lived(days, story.wheel.turns(), story.versions(), story.people, story.figures_by_day(), told)


def test_drift_is_found_on_the_day_of_the_damage_and_named(lived: Lived) -> None:
    assert [one.predicted.images for one in lived.days] == [PER_DAY] * 2
    assert [one.answer for one in lived.days] == ["no_drift", "drift"]
    named = FAULT.replace("_", " ")
    assert lived.days[1].diagnosis.startswith(named)
    messages = [line for line in lived.days[1].happened if line.startswith("message")]
    assert named in messages[0].replace("_", " ")
    assert "camera=right" in messages[0]
    assert lived.days[0].happened == ()


def test_the_wheel_goes_from_the_alert_to_what_people_say(lived: Lived) -> None:
    (turn,) = lived.turns
    assert turn["trigger"] == "alert"
    assert [one["name"] for one in turn["steps"]] == ["select", "label", "consensus", "measure"]
    assert turn["outcome"] == "no_harm"
    assert [(one["name"], one["state"]) for one in lived.versions] == [("trained-1", "champion")]
    told = "\n".join(lived.days[1].happened)
    for words in ("turn 1 begins", "select: ", "label: ", "measure: ", "turn 1 ends, no harm"):
        assert words in told


def test_labels_tell_the_accuracy_and_cost_what_the_turn_says(lived: Lived) -> None:
    measured = lived.turns[0]["steps"][-1]["found"]
    assert measured["n"] >= 20
    assert 0.5 <= measured["low"] <= measured["accuracy"] <= measured["high"]
    cost = lived.turns[0]["cost"]
    assert cost["labels"] >= FEW["images"] / 2
    assert cost["annotators"] >= 5
    assert cost["people_seconds"] > 0
    assert any(line.startswith("people: ") for line in lived.days[1].happened)


def test_what_is_printed_tells_the_same(lived: Lived) -> None:
    rows = story_lines(lived.days, lived.figures)
    assert rows[0].split()[:3] == ["day", "images", "served"]
    assert [row.split()[0] for row in rows[1:]] == ["1", "2"]
    assert "turn 1 begins" in "\n".join(day_lines(lived.days[1]))
    assert "labelled images by" in "\n".join(turn_lines(lived.turns[0]))
    assert "champion" in "\n".join(version_lines(lived.versions))
    assert lived.told[0] == "Starting a server"


def test_a_row_without_labels_and_damage() -> None:
    said = Predicted(90, 100, 0, 0, "v1", {})
    day = StoryDay(1, said, "no_drift", "", Figure(0.9, 0.85, 0.95, 0), None, ())
    (row,) = day_lines(day)
    assert row.split() == ["1", "100", "v1", "no", "drift", "90", "%", "(85–95)", "–", "90", "%"]
