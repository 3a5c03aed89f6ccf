"""A week that a real server watches over HTTP: silent, one message of the fault, one when it is over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

import pytest

pytest.importorskip("conformal_clip_data", reason="the extra 'demo' is not installed")

from driftwheel.demo.live_row import HEADINGS, live_row
from driftwheel.demo.live_week import LiveDay
from driftwheel.demo.shot import Shot
from driftwheel.demo.textile_week import FAULT, plan_week, textile_images
from driftwheel.demo.watched_week import REPAIRED, watch_week

pytestmark = pytest.mark.long

PER_DAY = 60


def short_week() -> tuple[Shot, ...]:
    """The demo's reference, and of every day the first hours: quicker, and as many images as a shift has."""
    shots: list[Shot] = []
    for day, its in groupby(plan_week(textile_images(), 0, REPAIRED), lambda one: one.day):
        shots += list(its)[: PER_DAY if day else None]
    return tuple(shots)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Sequence[LiveDay]]:
    """The address of the server, and the days as it saw them."""
    folder = tmp_path_factory.mktemp("week") / "demo"
    with watch_week(short_week(), folder, "textile", fault=FAULT, settle=0.5, group_wait=1) as week:
        return week.server.url, list(week.days())


def texts(day: LiveDay) -> list[str]:
    return [f"{one.title}\n{one.body['message']}" for one in day.messages]


def test_every_day_is_judged_with_all_its_images(lived: tuple[str, Sequence[LiveDay]]) -> None:
    assert [(one.day, one.images) for one in lived[1]] == [(day, PER_DAY) for day in range(1, 8)]


def test_there_is_drift_exactly_while_the_camera_has_the_fault(
    lived: tuple[str, Sequence[LiveDay]],
) -> None:
    assert [one.answer for one in lived[1]] == ["no_drift"] * 3 + ["drift"] * 3 + ["no_drift"]


def test_the_fault_is_named_and_how_grave_it_is(lived: tuple[str, Sequence[LiveDay]]) -> None:
    for day in lived[1][3:6]:
        named, severity = day.diagnosis.split(", severity ")
        assert named == FAULT
        assert abs(int(severity) - REPAIRED[day.day]) <= 1


def test_no_message_comes_before_the_fault(lived: tuple[str, Sequence[LiveDay]]) -> None:
    assert [texts(day) for day in lived[1][:3]] == [[], [], []]


def test_one_message_tells_of_the_whole_and_the_camera(lived: tuple[str, Sequence[LiveDay]]) -> None:
    (told,) = texts(lived[1][3])
    assert FAULT in told
    assert "camera=right" in told
    assert "camera=left" not in told
    assert f"{PER_DAY} images" in told


def test_the_message_leads_to_the_server(lived: tuple[str, Sequence[LiveDay]]) -> None:
    server, days = lived
    (told,) = texts(days[3])
    links = re.findall(r"https?://[^/\s]+", told)
    assert links
    assert set(links) == {server}


def test_no_message_repeats_it_while_it_lasts(lived: tuple[str, Sequence[LiveDay]]) -> None:
    assert [texts(day) for day in lived[1][4:6]] == [[], []]


def test_one_message_tells_that_it_is_over(lived: tuple[str, Sequence[LiveDay]]) -> None:
    (told,) = lived[1][6].messages
    assert "resolved" in told.title


def test_the_table_of_the_demo_tells_the_same(lived: tuple[str, Sequence[LiveDay]]) -> None:
    rows = [dict(zip(HEADINGS, live_row(day), strict=True)) for day in lived[1]]
    assert [row["verdict"] for row in rows] == ["no drift"] * 3 + ["drift"] * 3 + ["no drift"]
    assert [bool(row["message"]) for row in rows] == [False] * 3 + [True, False, False, True]
    assert rows[3]["diagnosis"].startswith(FAULT)
