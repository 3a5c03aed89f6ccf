from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.services.judged_days import BEGIN, DAY, Watched, watched

from driftwheel.errors import UsageError
from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.rule_text import parse_rule
from driftwheel.services.alert.change_monitor import change_monitor, remove_monitor, switch_monitor
from driftwheel.store.alerts.monitors import StoredMonitor, find_monitor, list_monitors, list_revisions
from driftwheel.store.engine.database import reading
from driftwheel.store.operate.audit import list_audit

DARK = {"black_share": 0.2}


@pytest.fixture
def its(database: Engine) -> Watched:
    """A model with an alert on the whole and one on a camera."""
    its = watched(database)
    its.monitor("dark", "black_share above 10 %")
    its.judge(0, whole=DARK, camera_1=DARK)
    its.told()
    return its


def change(its: Watched, when: str, name: str = "dark", **said: object) -> StoredMonitor:
    monitor = Monitor(name, parse_rule(when), **said)  # type: ignore[arg-type]
    return change_monitor(its.engine, "m", monitor, origin="page", by="you", now=its.at(0))


def actions(its: Watched) -> list[str]:
    with reading(its.engine) as connection:
        return [one.action for one in list_audit(connection)]


def test_another_threshold_is_a_revision_and_holds_at_once(its: Watched) -> None:
    after = change(its, "black_share above 30 %")
    assert (after.revision, after.origin, after.by) == (2, "page", "you")
    assert its.states() == [("dark", "", "resolved"), ("dark", "1", "resolved")]
    assert its.told()
    with reading(its.engine) as connection:
        assert [one.revision for one in list_revisions(connection, after.key)] == [2, 1]
        (said, *_) = list_audit(connection, limit=1)
    assert said.action == "change monitor"
    assert said.details["from"]["when"] != said.details["to"]["when"]


def test_the_same_again_changes_nothing(its: Watched) -> None:
    after = change(its, "black_share above 10%")
    assert after.revision == 1
    assert actions(its) == ["add monitor"]
    assert not its.told()


def test_what_another_rule_said_of_older_windows_does_not_count(its: Watched) -> None:
    its.judge(1, whole={"black_share": 0.05})
    change(its, "black_share above 1 %", breaches=2, of_windows=3)
    assert [one.state for one in its.episodes()] == ["resolved", "firing"]
    its.judge(2, whole={"black_share": 0.05})
    assert [one.state for one in its.episodes()] == ["resolved", "firing", "pending"]
    its.judge(3, whole={"black_share": 0.05})
    assert [one.state for one in its.episodes()] == ["resolved", "firing", "firing"]


def test_segments_that_are_not_watched_any_more_are_closed(its: Watched) -> None:
    change(its, "black_share above 10 %", segments=("",))
    whole, camera = its.episodes()
    assert (whole.state, camera.state) == ("firing", "closed")
    assert camera.reason == "The monitor no longer watches it."


def test_off_closes_with_a_reason_and_on_looks_ahead(its: Watched) -> None:
    off = switch_monitor(its.engine, "m", "dark", enabled=False, reason="too loud", by="me", now=its.at(0))
    assert not off.enabled
    assert {one.state for one in its.episodes()} == {"closed"}
    assert its.episodes()[0].reason == "The monitor was switched off: too loud"
    assert its.told()
    assert switch_monitor(its.engine, "m", "dark", enabled=False, by="me", now=its.at(0)) == off
    assert its.judge(1, whole=DARK).evaluations == 0
    on = switch_monitor(its.engine, "m", "dark", enabled=True, by="me", now=its.at(1))
    assert (on.enabled, on.watch_from) == (True, BEGIN + 2 * DAY)
    assert len(its.episodes()) == 2
    its.judge(2, whole=DARK)
    assert its.states()[2:] == [("dark", "", "firing")]
    assert actions(its) == ["switch on monitor", "switch off monitor", "add monitor"]


def test_deleted_its_alerts_are_closed_and_stay(its: Watched) -> None:
    remove_monitor(its.engine, "m", "dark", by="me", now=its.at(0))
    whole, camera = its.episodes()
    assert (whole.state, whole.monitor, whole.reason) == ("closed", None, "The monitor was deleted.")
    assert camera.state == "closed"
    with reading(its.engine) as connection:
        assert list_monitors(connection, its.model.key) == []
    assert its.told()
    assert actions(its)[0] == "delete monitor"


def test_a_rule_that_goes_by_the_clock_is_not_held_against_a_window(its: Watched) -> None:
    its.monitor("silent", "silence above 2 h", now=its.at(0))
    assert len(its.episodes()) == 2


def test_what_cannot_be(its: Watched) -> None:
    with pytest.raises(UsageError, match=r"no monitor 'drak'. Did you mean 'dark'\?"):
        change(its, "drift is found", "drak")
    with pytest.raises(UsageError, match=r"not segmented by 'camra'; .* camera. Did you mean 'camera'\?"):
        its.monitor("x", "drift is found", segments=("camra",))
    with pytest.raises(UsageError, match="There is already a monitor 'dark'"):
        its.monitor("dark", "drift is found")
    for name in ("", " ", "a\nb", "x" * 129):
        with pytest.raises(UsageError, match="1 to 128 printable characters"):
            its.monitor(name, "drift is found")
    with reading(its.engine) as connection:
        assert find_monitor(connection, its.model.key, "dark").revision == 1
