from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from tests.services.judged_days import BEGIN, DAY, Watched, watched

from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.rule_text import parse_rule
from driftwheel.services.alert.change_monitor import change_monitor, switch_monitor
from driftwheel.services.watch import last_heard as last_heard_module
from driftwheel.services.watch.last_heard import REMEMBERED
from driftwheel.services.watch.watch_silence import Ticked, watch_silence
from driftwheel.store.alerts.evaluations import list_evaluations
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, update_model
from driftwheel.store.windows.windows import list_windows

HOUR = timedelta(hours=1)
TICK = timedelta(seconds=15)
NOON = BEGIN + DAY / 2


@pytest.fixture
def its(database: Engine) -> Watched:
    """A model whose cameras 1 and 2 are heard of at noon."""
    its = watched(database)
    hear(its, NOON, "1", "2")
    return its


def hear(its: Watched, received: datetime, *cameras: str, day: int = 0) -> None:
    for camera in cameras:
        its.window(day, camera, received=received)


def tick(its: Watched, since: datetime, until: datetime) -> list[Ticked]:
    """Tick every 50 s, so that there is no pause, with `until` the last."""
    times = []
    while since < until:
        times.append(since)
        since += timedelta(seconds=50)
    return [watch_silence(its.engine, now=time) for time in [*times, until]]


def test_silence_fires_and_ends_with_the_next_record(its: Watched) -> None:
    monitor = its.monitor("silent", "silence above 2 h", severity="critical", segments=("",))
    tick(its, NOON, NOON + 2 * HOUR)
    assert its.states() == []
    assert not its.told()
    done = tick(its, NOON + 2 * HOUR, NOON + 2 * HOUR + TICK)
    assert done[-1].changed == 1
    assert its.told()
    (silent,) = its.episodes()
    assert (silent.state, silent.began, silent.severity) == ("firing", NOON, "critical")
    tick(its, NOON + 2 * HOUR + TICK, NOON + 3 * HOUR)
    assert len(its.episodes()) == 1
    assert its.episodes()[0].last_breach >= NOON + 3 * HOUR - timedelta(minutes=5)
    assert not its.told()
    hear(its, NOON + 3 * HOUR, "1")
    tick(its, NOON + 3 * HOUR + TICK, NOON + 3 * HOUR + TICK)
    assert its.states() == [("silent", "", "resolved")]
    assert its.told()
    with reading(its.engine) as connection:
        said = list_evaluations(connection, monitor.key)
    assert [one.result for one in said] == ["breach", "ok"]  # not one for each tick


def test_a_camera_that_is_silent_and_one_that_is_gone(its: Watched) -> None:
    its.monitor("silent", "silence above 2 h")
    for day in range(REMEMBERED):
        hear(its, BEGIN + day * DAY + DAY / 2, "1", day=day)
    last = BEGIN + (REMEMBERED - 1) * DAY + DAY / 2
    watch_silence(its.engine, now=last)
    assert its.states() == []  # the server was not there before
    tick(its, last, last + 2 * HOUR + TICK)
    assert [(one.value, one.state) for one in its.episodes()] == [
        ("", "firing"),
        ("1", "firing"),
        ("2", "firing"),
    ]
    camera = its.episodes()[2]
    assert camera.inhibited_by == its.episodes()[0].key  # all is silent
    hear(its, last + 3 * HOUR, "1", day=REMEMBERED)
    watch_silence(its.engine, now=last + 3 * HOUR)
    assert [one.state for one in its.episodes()] == ["resolved", "resolved", "closed"]
    assert its.episodes()[2].reason is not None
    assert "counts as gone" in str(its.episodes()[2].reason)


def test_invented_segments_do_not_crowd_out_those_that_last(
    its: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may log may log of any camera: each would be asked after with every tick, and page."""
    hear(its, NOON, "0", "1", "2", "3", day=1)
    monkeypatch.setattr(last_heard_module, "MOST_SEGMENTS", 2)
    with reading(its.engine) as connection:
        heard = last_heard_module.last_heard(connection, its.model.key)
    assert [one.value for one in heard] == ["", "1", "2"]


def test_it_counts_only_while_the_server_was_there(its: Watched) -> None:
    its.monitor("silent", "silence above 2 h", segments=("",))
    tick(its, NOON, NOON + HOUR)
    back = NOON + 9 * HOUR
    watch_silence(its.engine, now=back)
    assert its.states() == []  # clients send what they have kept
    tick(its, back, back + 2 * HOUR + TICK)
    assert its.states() == [("silent", "", "firing")]
    watch_silence(its.engine, now=back + 5 * HOUR)  # away again, and nothing came
    assert its.states() == [("silent", "", "firing")]


def test_a_week_that_is_logged_late_is_not_silent(its: Watched) -> None:
    its.monitor("silent", "silence above 2 h")
    now = BEGIN + 100 * DAY
    for day in range(3):
        hear(its, now, "1", day=day)
    tick(its, now, now + HOUR)
    assert its.states() == []


def test_silence_explains_what_else_is_wrong(its: Watched) -> None:
    its.monitor("silent", "silence above 2 h", segments=("",))
    its.monitor("drift", "drift is found")
    its.judge(0, whole={"drift": 1.0}, now=NOON)
    assert its.episodes()[0].inhibited_by is None
    tick(its, NOON, NOON + 2 * HOUR + TICK)
    drift, silent = its.episodes()
    assert (silent.name, drift.inhibited_by) == ("silent", silent.key)


def test_silence_and_another_signal(its: Watched) -> None:
    its.monitor("both", "silence above 2 h and accuracy below 0.9", segments=("",))
    its.judge(0, whole={"accuracy": 0.95}, now=NOON)
    tick(its, NOON, NOON + 3 * HOUR)
    assert its.states() == []
    its.judge(0, whole={"accuracy": 0.5}, now=NOON)
    watch_silence(its.engine, now=NOON + 3 * HOUR + TICK)
    assert its.states() == [("both", "", "firing")]


def test_another_threshold_and_off(its: Watched) -> None:
    its.monitor("silent", "silence above 2 h", segments=("",))
    tick(its, NOON, NOON + 2 * HOUR + TICK)
    longer = Monitor("silent", parse_rule("silence above 5 h"), segments=("",))
    now = NOON + 2 * HOUR + 2 * TICK
    change_monitor(its.engine, "m", longer, origin="api", by="me", now=now)
    watch_silence(its.engine, now=now)
    assert its.states() == [("silent", "", "resolved")]
    switch_monitor(its.engine, "m", "silent", enabled=False, by="me", now=now)
    tick(its, now, now + 6 * HOUR)
    assert len(its.episodes()) == 1


def volumes(its: Watched) -> list[tuple[int, str, int]]:
    with reading(its.engine) as connection:
        return [
            ((one.start - BEGIN).days, one.value, one.records)
            for one in list_windows(connection, its.model.key)
            if one.start > BEGIN
        ]


def test_windows_that_never_came_are_added(its: Watched) -> None:
    its.monitor("volume", "records below 100")
    assert watch_silence(its.engine, now=BEGIN + 2 * DAY + DAY / 51).added == 0  # not over for long enough
    assert watch_silence(its.engine, now=BEGIN + 2 * DAY + DAY / 49).added == 3
    assert volumes(its) == [(1, "", 0), (1, "1", 0), (1, "2", 0)]
    assert watch_silence(its.engine, now=BEGIN + 2 * DAY + DAY / 49).added == 0
    assert watch_silence(its.engine, now=BEGIN + 9 * DAY).added == 6  # three in a row
    assert max(day for day, _, _ in volumes(its)) == 3


def test_no_window_is_missed_of_a_past_that_is_logged_late(its: Watched) -> None:
    its.monitor("volume", "records below 100")
    hear(its, BEGIN + 50 * DAY, "1", "2")
    assert watch_silence(its.engine, now=BEGIN + 50 * DAY).added == 0


def test_no_window_is_missed_where_nobody_watches_the_volume(its: Watched) -> None:
    assert watch_silence(its.engine, now=BEGIN + 3 * DAY) == Ticked()
    its.monitor("volume", "records below 100", segments=("camera",))
    assert watch_silence(its.engine, now=BEGIN + 4 * DAY).added == 4
    assert {value for _, value, _ in volumes(its)} == {"1", "2"}


def test_a_model_with_other_windows_than_before(its: Watched) -> None:
    its.monitor("volume", "records below 100", segments=("",))
    model: Model = its.model
    with writing(its.engine) as connection:
        update_model(
            connection,
            model.key,
            classes=[],
            window="hour",
            segment_tags=["camera"],
            embedder="none",
            retention_days=None,
            keep_images=1.0,
            false_alarms_per_year=1.0,
        )
    assert watch_silence(its.engine, now=BEGIN + 9 * DAY).added == 3
