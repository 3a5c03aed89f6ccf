"""Triggers: what begins a turn, what holds it back, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.performance.figure import Figure
from driftwheel.wheel.budget import PastTurn, budget_of
from driftwheel.wheel.trigger import TriggerSeen, WheelDecision, decide
from driftwheel.wheel.wheel_facts import AlertSeen, WheelFacts, tells_of_drift
from driftwheel.wheel.wheel_policy import WheelPolicy

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ON = WheelPolicy(enabled=True)
ALERT = AlertSeen(7, "drift", "camera=2", "warning", NOW - timedelta(hours=3))
SINCE = NOW - timedelta(days=40)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def test_an_alert_of_drift_begins_a_turn_and_says_which() -> None:
    found = decide(ON, WheelFacts(NOW, (ALERT,), champion_since=SINCE))
    assert found.begins
    assert found.because is not None
    assert (found.because.name, found.because.alert) == ("alert", 7)
    assert found.told == (
        "A turn begins: the alert 'drift' on camera=2 (warning) fires since 2026-11-20 09:00 UTC."
    )
    assert [one.name for one in found.triggers] == ["alert", "performance", "labels", "schedule"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"of_drift": False}, "is not about drift"),
        ({"severity": "info"}, "is milder (info) than warning"),
        ({"firing": False}, "is about to be resolved"),
        ({"explained": True}, "is explained by another alert"),
        ({"snoozed_until": NOW + timedelta(days=1)}, "is snoozed until 2026-11-21 12:00 UTC"),
        ({"acknowledged_by": "ada"}, "is in the hands of ada, who acknowledged it"),
    ],
)
def test_an_alert_that_somebody_handles_or_that_labels_do_not_help_begins_none(
    changed: dict[str, Any], why: str
) -> None:
    found = decide(ON, WheelFacts(NOW, (replace(ALERT, **changed),)))
    assert not found.begins
    assert found.triggers[0].told == f"No alert begins a turn: 'drift' on camera=2 {why}."
    other = replace(ALERT, key=8, segment="")
    found = decide(ON, WheelFacts(NOW, (replace(ALERT, **changed), other)))
    assert found.because is not None
    assert found.because.alert == 8


def test_a_snooze_that_is_over_holds_nothing_back() -> None:
    assert decide(ON, WheelFacts(NOW, (replace(ALERT, snoozed_until=days_ago(1)),))).begins


def test_an_alert_that_is_open_at_the_end_of_a_cool_down_begins_a_turn_then() -> None:
    last = PastTurn(3, days_ago(9), days_ago(2), "kept", 200)
    during = decide(ON, WheelFacts(NOW, (ALERT,), turns=(last,)))
    assert (during.begins, during.held_back) == (False, True)
    assert during.not_before == NOW + timedelta(days=1)
    assert during.told.startswith("A turn would begin now: the alert 'drift'")
    assert during.told.endswith("But the cool-down after turn 3 ends on 2026-11-21 12:00 UTC.")
    later = WheelFacts(NOW + timedelta(days=1), (ALERT,), turns=(last,))
    assert decide(ON, later).begins


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        ("promoted", False),
        ("no_harm", False),
        ("stopped", False),
        ("kept", True),
        ("rolled_back", True),
        ("failed", True),
        ("out_of_budget", True),
    ],
)
def test_the_same_alert_begins_another_turn_only_where_the_first_did_not_settle_it(
    outcome: Any, again: bool
) -> None:
    last = PastTurn(3, days_ago(9), days_ago(5), outcome, 200, alert=7)
    found = decide(ON, WheelFacts(NOW, (ALERT,), turns=(last,)))
    assert found.begins == again
    assert ("was dealt with by turn 3" in found.triggers[0].told) != again


@pytest.mark.parametrize(
    ("turned", "seen", "again"),
    [
        ({}, {}, False),
        ({"whole": False}, {}, True),  # a turn about another segment
        ({"outcome": "no_harm"}, {}, True),  # of the whole model: one segment may be harmed
        ({}, {"fired": days_ago(4)}, True),  # it fired under the new champion
        ({}, {"began": days_ago(8)}, True),  # no image of it was there when images were chosen
    ],
)
def test_a_promotion_deals_with_all_alerts_of_what_was_there_when_the_turn_began(
    turned: dict[str, Any], seen: dict[str, Any], again: bool
) -> None:
    last = PastTurn(3, days_ago(9), days_ago(5), "promoted", 200, alert=6, whole=True)
    alert = replace(ALERT, fired=days_ago(8.9), began=days_ago(10))
    found = decide(ON, WheelFacts(NOW, (replace(alert, **seen),), turns=(replace(last, **turned),)))
    assert found.begins == again
    assert ("was dealt with by turn 3" in found.triggers[0].told) != again


def test_a_turn_that_goes_on_an_obstacle_and_a_wheel_that_is_off_hold_every_trigger_back() -> None:
    goes_on = WheelFacts(NOW, (ALERT,), turns=(PastTurn(3, days_ago(9), None, None, 0),))
    assert decide(ON, goes_on).told.endswith("But turn 3 goes on.")
    stopped = WheelFacts(NOW, (ALERT,), obstacle="There is no champion.")
    assert decide(ON, stopped).told.endswith("But there is no champion.")
    off = decide(WheelPolicy(), WheelFacts(NOW, (ALERT,)))
    assert (off.begins, off.held_back) == (False, True)
    assert off.told.endswith("But the wheel does not turn by itself: it is off.")
    assert decide(ON, WheelFacts(NOW)).told == "No trigger is met."


@pytest.mark.parametrize(
    ("figure", "met", "told"),
    [
        (Figure(0.81, 0.75, 0.86, 120), True, "81.0\u00a0% (75.0\u00a0% to 86.0\u00a0%) on 120 labels"),
        (Figure(0.88, 0.83, 0.92, 120), False, "not shown to be below 90.0\u00a0%"),
        (
            Figure(0.60, 0.45, 0.74, 20),
            False,
            "fewer than 50 labels tell nothing of the bound of 90.0\u00a0%",
        ),
        (Figure(None, None, None, 0), False, "No label tells the champion's accuracy."),
    ],
)
def test_accuracy_must_be_shown_to_be_below_the_bound(figure: Figure, met: bool, told: str) -> None:
    seen = decide(replace(ON, accuracy_below=0.9), WheelFacts(NOW, accuracy=figure)).triggers[1]
    assert seen.met == met
    assert told in seen.told
    off = decide(ON, WheelFacts(NOW, accuracy=figure)).triggers[1]
    assert (off.enabled, off.met) == (False, False)


def test_new_labels_and_the_schedule() -> None:
    policy = replace(ON, new_labels=300, every_days=30)
    few = WheelFacts(NOW, labelled=299, labelled_since=SINCE, champion_since=days_ago(29))
    assert [one.met for one in decide(policy, few).triggers] == [False] * 4
    enough = decide(policy, replace(few, labelled=300))
    assert enough.because is not None
    assert enough.because.told == (
        "300 images were labelled since 2026-10-11 12:00 UTC, of 300 that begin a turn."
    )
    old = decide(policy, replace(few, champion_since=days_ago(30)))
    assert old.told == "A turn begins: it is due every 30 days, and the champion is 30 days old."
    turned = PastTurn(1, days_ago(10), days_ago(9), "kept", 100)
    assert not decide(policy, replace(few, champion_since=days_ago(45), turns=(turned,))).begins


def test_the_budget_holds_a_turn_back_and_says_when_there_is_room() -> None:
    policy = replace(ON, turns_per_month=2, cool_down_days=1)
    past = tuple(PastTurn(n, days_ago(age), days_ago(age - 1), "kept", 200) for n, age in ((1, 20), (2, 8)))
    found = decide(policy, WheelFacts(NOW, (ALERT,), turns=past))
    assert (found.held_back, found.not_before) == (True, NOW + timedelta(days=10))
    assert "2 of 2 turns of 30 days have begun. There is room again on 2026-11-30 12:00 UTC." in found.told
    policy = replace(ON, labels_per_month=500, cool_down_days=1)
    found = decide(policy, WheelFacts(NOW, (ALERT,), turns=past))
    assert "100 of 500 labels of 30 days are left, and a turn needs 200." in found.told
    assert found.not_before == NOW + timedelta(days=10)
    assert (found.budget.turns, found.budget.labels_left) == (2, 100)


turns = st.lists(
    st.tuples(st.floats(0, 60), st.integers(0, 800)), max_size=8, unique_by=lambda one: one[0]
).map(
    lambda its: tuple(
        PastTurn(n, days_ago(age), days_ago(age), "kept", labels)
        for n, (age, labels) in enumerate(sorted(its, reverse=True), 1)
    )
)


@given(turns, st.integers(1, 5), st.integers(200, 1500))
@settings(max_examples=80, deadline=None)
def test_a_turn_is_paid_for_exactly_from_the_moment_that_is_told(
    past: tuple[PastTurn, ...], most: int, labels: int
) -> None:
    policy = WheelPolicy(turns_per_month=most, labels_per_month=labels)
    found = budget_of(policy, past, NOW)
    assert (found.again is None) == (not found.lacking)
    if found.again is not None:
        assert found.again > NOW
        assert not budget_of(policy, past, found.again).lacking
        assert budget_of(policy, past, found.again - timedelta(seconds=1)).lacking


@given(
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "There is no champion."]),
    st.integers(0, 60),
    st.integers(0, 500),
    turns,
)
@settings(max_examples=80, deadline=None)
def test_a_turn_begins_only_by_a_trigger_that_is_on_and_says_the_rest(  # noqa: PLR0917
    enabled: bool, alert: bool, obstacle: str, age: int, labelled: int, past: tuple[PastTurn, ...]
) -> None:
    policy = WheelPolicy(enabled=enabled, new_labels=300, every_days=20)
    facts = WheelFacts(
        NOW,
        (ALERT,) if alert else (),
        labelled=labelled,
        champion_since=days_ago(age),
        turns=past,
        obstacle=obstacle,
    )
    found: WheelDecision = decide(policy, facts)
    met: list[TriggerSeen] = [one for one in found.triggers if one.met]
    assert found.because == (met[0] if met else None)
    assert found.begins + found.held_back == (found.because is not None)
    assert not found.begins or (enabled and not obstacle and not found.budget.lacking)
    assert found.told.endswith(".")
    assert all(one.told.endswith(".") for one in found.triggers)


def test_alerts_about_the_machine_are_not_about_drift() -> None:
    assert tells_of_drift(["silence", "drift"])
    assert tells_of_drift(["estimated_accuracy"])
    assert not tells_of_drift(["records", "latency_p95", "unreadable_share", "error_share"])
    assert not tells_of_drift([])
