"""A model's windows side by side: what is there, what is not, and alerts, the gravest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from tests.services.judged_days import BEGIN, DAY, Watched, watched
from tests.store.rows import new_record

from driftwheel.monitors.monitor import Severity
from driftwheel.predictions import Classification
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.services.watch.watch_model import SPANS, Span, span_of, watch_model
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.records.writer import write_records

HOUR = timedelta(hours=1)
DRIFT, OK = {"drift": 1.0}, {"drift": 0.0}


@pytest.fixture
def its(database: Engine) -> Watched:
    return watched(database)


def log(its: Watched, day: float, n: int, camera: str, label: str = "cat") -> None:
    rows = [
        new_record(
            its.model.key,
            f"{day}-{camera}-{i}",
            time=BEGIN + day * DAY,
            tags={"camera": camera},
            image=None,
            prediction=Classification(label),
        )
        for i in range(n)
    ]
    with writing(its.engine) as connection:
        write_records(connection, rows)
    summarise_windows(its.engine, now=BEGIN)


def span(its: Watched, now: datetime, count: int, until: datetime | None = None) -> Span:
    with reading(its.engine) as connection:
        return span_of(connection, its.model, now, count, until)


@pytest.mark.parametrize(("window", "length"), [("hour", HOUR), ("day", DAY), ("week", 7 * DAY)])
def test_a_span_has_no_gaps_and_ends_with_now(database: Engine, window: str, length: timedelta) -> None:
    its = watched(database, window=window)  # BEGIN is a Monday
    for count in SPANS[window]:
        found = span(its, BEGIN + 5 * length + length / 2, count)
        assert len(found.starts) == count
        assert found.starts[-1] == BEGIN + 5 * length
        assert found.end == BEGIN + 6 * length
        assert {b - a for a, b in zip(found.starts, found.starts[1:], strict=False)} == {length}


def test_a_span_goes_back_to_where_there_is_something(its: Watched) -> None:
    log(its, 0.5, 1, "1")
    assert span(its, BEGIN + 13.5 * DAY, 14).end == BEGIN + 14 * DAY  # it is still in it
    assert span(its, BEGIN + 14.5 * DAY, 14).end == BEGIN + DAY
    asked = span(its, BEGIN + 90 * DAY, 14, until=BEGIN + 50.2 * DAY)
    assert (asked.starts[0], asked.end) == (BEGIN + 37 * DAY, BEGIN + 51 * DAY)
    midnight = datetime(2026, 3, 8, tzinfo=UTC)
    assert span(its, midnight, 14).starts[-1] == midnight  # a window begins with its first moment


def test_windows_with_what_is_there(its: Watched) -> None:
    log(its, 0, 3, "1", "cat")
    log(its, 0.1, 2, "2", "dog")
    log(its, 2, 4, "2", "dog")
    its.judge(0, whole={"drift": 0.0, "black_share": 0.25, "accuracy": None}, camera_2=OK)
    its.judge(2, whole=DRIFT)
    with reading(its.engine) as connection:
        days = Span((BEGIN, BEGIN + DAY, BEGIN + 2 * DAY), BEGIN + 3 * DAY)
        whole = watch_model(connection, its.model, days)
        camera = watch_model(connection, its.model, days, tag="camera", value="2")
    first, second, third = whole.windows
    assert (second.verdict, second.window, second.said, dict(second.observations)) == (None, None, None, {})
    assert (first.start, first.end, third.end) == (BEGIN, BEGIN + DAY, BEGIN + 3 * DAY)
    assert first.verdict is not None
    assert (first.verdict.answer, first.verdict.document) == ("no_drift", None)
    assert third.verdict is not None
    assert third.verdict.answer == "drift"
    assert first.window is not None
    assert first.window.profile is None
    assert [one.said and one.said.records for one in whole.windows] == [5, None, 4]
    assert [one.said and dict(one.said.classes.each) for one in camera.windows] == [
        {"dog": 2},
        None,
        {"dog": 4},
    ]
    black = first.observed("black_share")
    assert black is not None
    assert (black.value, black.n) == (0.25, 500)
    assert first.observed("accuracy") is None  # nothing was seen of it
    assert first.observed("confidence") is None
    assert [one.verdict is not None for one in camera.windows] == [True, False, False]


def test_alerts_the_gravest_first_and_those_of_the_time_and_segment(its: Watched) -> None:
    severities: tuple[Severity, ...] = ("info", "critical", "warning")
    for severity in severities:
        its.monitor(severity, "drift is found", severity=severity)
    its.judge(0, whole=DRIFT, camera_1=DRIFT, camera_2=OK)
    its.judge(1, whole=OK, camera_1=DRIFT, camera_2=DRIFT)
    with reading(its.engine) as connection:
        both = Span((BEGIN, BEGIN + DAY), BEGIN + 2 * DAY)
        whole = watch_model(connection, its.model, both)
        second = watch_model(connection, its.model, both, tag="camera", value="2")
        later = watch_model(
            connection, its.model, replace(both, starts=(BEGIN + 5 * DAY,), end=BEGIN + 6 * DAY)
        )
    order = [(one.episode.severity, one.episode.value) for one in whole.alerts]
    assert order == [(one, camera) for one in ("critical", "warning", "info") for camera in ("1", "2")]
    assert all(one.entry is not None and one.entry.segments == () for one in whole.alerts)
    assert whole.alerts == second.alerts == later.alerts  # of the whole model, whatever is looked at
    assert {(one.value, one.state) for one in whole.shown} == {
        ("", "resolved"),
        ("1", "firing"),
        ("2", "firing"),
    }
    assert {one.value for one in second.shown} == {"", "2"}
    assert later.shown == ()
