from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.services.judged_days import BEGIN, DAY, Watched, watched

from driftwheel.errors import UsageError
from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.rule_text import parse_rule
from driftwheel.services.alert.replay_monitor import Replay, replay_monitor, replay_monitors

SHARES = (0.0, 0.2, 0.0, 0.3, 0.3, 0.05, 0.0, 0.4)


@pytest.fixture
def its(database: Engine) -> Watched:
    """A model with eight days, and darkness on some."""
    its = watched(database)
    its.monitor("other", "drift is found")
    for day, share in enumerate(SHARES):
        its.judge(day, whole={"black_share": share}, camera_1={"black_share": 0.0})
    return its


def replay(its: Watched, when: str, **said: object) -> Replay:
    return replay_monitor(its.engine, "m", Monitor("try", parse_rule(when), **said))  # type: ignore[arg-type]


def test_how_often_it_would_have_fired(its: Watched) -> None:
    found = replay(its, "black_share above 10 %")
    assert (found.windows, found.fired) == (8, 3)
    whole, camera = found.segments
    assert (whole.tag, camera.tag, camera.value) == ("", "camera", "1")
    assert [one.result == "breach" for one in whole.windows] == [share > 0.1 for share in SHARES]
    assert [one.firing for one in whole.windows] == [share > 0.1 for share in SHARES]
    assert [one.began for one in whole.episodes] == [BEGIN + day * DAY for day in (1, 3, 7)]
    assert [one.ended for one in whole.episodes] == [BEGIN + 3 * DAY, BEGIN + 6 * DAY, None]
    assert camera.episodes == ()
    assert its.states() == []  # nothing was written


def test_of_so_many_windows_and_until_a_clear_threshold(its: Watched) -> None:
    assert replay(its, "black_share above 10 %", breaches=2, of_windows=2).fired == 1
    assert replay(its, "black_share above 10 % until 1 %").segments[0].episodes[1].ended == BEGIN + 7 * DAY
    assert replay(its, "black_share above 50 %").fired == 0
    only = replay(its, "black_share above 10 %", segments=("camera",))
    assert [one.value for one in only.segments] == ["1"]


def test_windows_from_before_a_signal_was_known_say_nothing_of_it(its: Watched) -> None:
    found = replay(its, "black_share above 10 % or evidence is found")
    results = [one.result for one in found.segments[0].windows]
    assert results == ["breach" if share > 0.1 else "no_data" for share in SHARES]
    assert {one.evaluation.findings[1].result for one in found.segments[0].windows} == {"no_data"}


def test_of_very_many_windows_the_newest(its: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    assert replay(its, "black_share above 10 %").since == BEGIN
    # Three days of two segments.
    monkeypatch.setattr("driftwheel.services.alert.replay_monitor.MOST_REPLAYED", 7)
    found = replay(its, "black_share above 10 %")
    assert (found.windows, found.since, found.fired) == (3, BEGIN + 5 * DAY, 1)
    assert [len(one.windows) for one in found.segments] == [3, 3]


def test_windows_that_are_not_watched_do_not_shorten_a_replay(
    its: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftwheel.services.alert.replay_monitor.MOST_REPLAYED", 7)
    whole, both = (
        Monitor("try", parse_rule("black_share above 10 %"), segments=one) for one in (("",), None)
    )
    found, other = replay_monitors(its.engine, "m", [whole, both])
    assert (found.windows, found.since, found.fired) == (7, BEGIN + DAY, 3)
    assert (other.windows, other.since) == (3, BEGIN + 5 * DAY)


def test_a_span_of_time(its: Watched) -> None:
    monitor = Monitor("try", parse_rule("black_share above 10 %"))
    found = replay_monitor(its.engine, "m", monitor, since=BEGIN + 3 * DAY, until=BEGIN + 6 * DAY)
    assert (found.windows, found.fired) == (3, 1)
    with pytest.raises(UsageError, match="no model 'n'"):
        replay_monitor(its.engine, "n", monitor)
