"""Evidence carried from window to window: in order, once, and told with the drift that it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.services.judged_days import BEGIN, DAY, Watched, watched

from driftwheel.drift.verdict import Verdict, unjudged
from driftwheel.monitors.evaluate import evaluate
from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.observation import Observation
from driftwheel.monitors.rule_text import format_rule, parse_rule
from driftwheel.monitors.suggest import suggested_monitors
from driftwheel.services.alert.evaluate_monitors import evaluate_monitors
from driftwheel.services.alert.judged import Judged
from driftwheel.services.watch.carry_evidence import (
    CarriedEvidence,
    carry_evidence,
    evidence_to_json,
    observe_evidence,
)
from driftwheel.store.alerts.episodes import document_of
from driftwheel.store.engine.database import reading
from driftwheel.store.windows.verdicts import find_verdict

NOTHING = unjudged(500, 200, alpha=0.0014, false_alarms_per_year=1.0, images_needed=0, mode="exact")
USUAL = [0.4, 0.9, 0.2, 0.7, 0.5, 0.3, 0.8, 0.6]
WEAK = 0.01  # no single window is near α, one in a hundred is so by chance


@pytest.fixture
def its(database: Engine) -> Watched:
    one = watched(database)
    rule = next(each for each in suggested_monitors("classification", (), "day") if each.name == "drift")
    one.monitor("drift", format_rule(rule.rule), segments=("",))
    return one


def verdict(p: float | None, *, drift: bool = False, chance: float = 1e-6) -> Verdict:
    """Return a verdict on a window that is so rare among those of the reference; None: too few images."""
    if p is None:
        return NOTHING
    return replace(NOTHING, verdict="drift" if drift else "no_drift", p_value=chance, replay_p_value=p)


def judge(
    its: Watched, day: int, its_verdict: Verdict, *, camera: str = "", reference: int = 1
) -> CarriedEvidence:
    """Judge a day as `judge_window` does, and let the monitors speak of it."""
    window = its.window(day, camera)
    with reading(its.engine) as connection:
        evidence = carry_evidence(connection, its.model, window, reference, its_verdict, parts=1)
    drift = its_verdict.verdict == "drift"
    known = its_verdict.verdict != "insufficient"
    seen = Observation("drift", float(drift) if known else None, 200 if known else 5, judged=drift)
    document: Mapping[str, Any] = {"properties": [], "evidence": evidence_to_json(evidence)}
    judged = Judged(
        window.revision,
        None,
        its_verdict.verdict,
        None,
        its_verdict.p_value,
        0.0014,
        200,
        "Drift: darker." if drift else "No drift.",
        document,
        {"drift": seen, "evidence": observe_evidence(evidence, "day")},
    )
    evaluate_monitors(its.engine, its.model, [(window, judged)], now=its.at(day))
    return evidence


def kept(its: Watched, day: int, camera: str = "") -> Any:
    with reading(its.engine) as connection:
        found = find_verdict(
            connection, its.model.key, BEGIN + day * DAY, tag="camera" if camera else "", value=camera
        )
    assert found is not None
    assert found.document is not None
    return found.document["evidence"]


def test_a_weak_change_that_no_window_shows_is_told_once_and_since_when(its: Watched) -> None:
    for day, p in enumerate(USUAL):
        assert not judge(its, day, verdict(p)).state.found
    assert its.episodes() == []
    first = len(USUAL)
    days = [judge(its, first + day, verdict(WEAK)).state.found for day in range(12)]
    found = days.index(True)
    assert 3 <= found <= 9
    assert all(days[found:])
    assert [(one.name, one.state) for one in its.episodes()] == [("drift", "firing")]
    assert its.told()
    episode = its.episodes()[0]
    assert episode.began == BEGIN + (first + found) * DAY
    with reading(its.engine) as connection:
        said = document_of(connection, episode.key)
    since = f"{BEGIN + first * DAY:%Y-%m-%d}"
    assert f"change too weak for any one window to show has added up since {since}" in said["wrong"]
    assert said["expected"] == "Images like those of the reference."
    assert said["cause"].startswith("A slow or slight change")


def test_no_second_message_for_a_drift_that_is_told(its: Watched) -> None:
    for day in range(12):
        judge(its, day, verdict(WEAK))
    assert its.told()
    assert judge(its, 12, verdict(1e-6, drift=True)).state.found  # now a window shows it, too
    assert judge(its, 13, verdict(WEAK)).state.found
    assert not its.told()
    assert len(its.episodes()) == 1


def test_a_drift_that_windows_show_is_over_with_them(its: Watched) -> None:
    for day, p in enumerate(USUAL):
        judge(its, day, verdict(p))
    for day in range(8, 11):
        evidence = judge(its, day, verdict(1e-6, drift=True))
        assert not evidence.state.found
    judge(its, 11, verdict(0.5))
    assert [one.state for one in its.episodes()] == ["resolved"]


def test_it_is_over_some_windows_after_the_change_is(its: Watched) -> None:
    for day in range(10):
        judge(its, day, verdict(WEAK))
    days = [judge(its, 10 + day, verdict(0.6)).state.found for day in range(15)]
    assert 2 <= days.index(False) <= 12
    assert [one.state for one in its.episodes()] == ["resolved"]


def test_a_window_without_enough_images_leaves_it_as_it_is(its: Watched) -> None:
    before = judge(its, 0, verdict(WEAK))
    after = judge(its, 1, verdict(None))
    assert after.state.capitals == before.state.capitals
    assert kept(its, 1)["capital"] == kept(its, 0)["capital"] > 0


def test_late_windows_and_those_judged_again_never_change_it(its: Watched) -> None:
    for day in (0, 1, 3):
        judge(its, day, verdict(WEAK))
    newest = kept(its, 3)
    assert judge(its, 2, verdict(1e-6)).state.capitals == judge(its, 1, verdict(1e-6)).state.capitals
    assert kept(its, 3) == newest
    again = judge(its, 4, verdict(WEAK))
    assert again.state.windows == 4


def test_the_newest_window_judged_again_is_taken_once(its: Watched) -> None:
    judge(its, 0, verdict(WEAK))
    first = judge(its, 1, verdict(WEAK))
    assert judge(its, 1, verdict(WEAK)) == first
    assert judge(its, 1, verdict(0.9)).state.windows == 2
    assert kept(its, 1)["capital"] < kept(its, 0)["capital"]


def test_with_another_reference_it_begins_anew(its: Watched) -> None:
    for day in range(10):
        judge(its, day, verdict(WEAK))
    assert not judge(its, 10, verdict(0.5), reference=2).state.found
    assert kept(its, 10)["state"]["windows"] == 1


def test_each_segment_has_its_own(its: Watched) -> None:
    judge(its, 0, verdict(WEAK))
    assert judge(its, 1, verdict(0.5), camera="1").state.windows == 1
    assert judge(its, 1, verdict(0.5)).state.windows == 2


def test_it_takes_a_quarter_of_the_dial_shared_out_among_segments(its: Watched) -> None:
    window = its.window(0)
    with reading(its.engine) as connection:
        alone, shared = (
            carry_evidence(connection, its.model, window, 1, verdict(0.5), parts=parts).threshold
            for parts in (1, 3)
        )
    assert (alone, shared) == pytest.approx((4 * 365, 12 * 365), rel=0.01)


def test_verdicts_from_profiles_leave_it_as_it_is(its: Watched) -> None:
    evidence = judge(its, 0, replace(verdict(0.5), replay_p_value=None))
    assert evidence.state.windows == 0


def test_a_window_of_which_only_a_profile_is_known_has_no_value(its: Watched) -> None:
    profile = replace(NOTHING, verdict="no_drift", p_value=0.2)
    monitor = Monitor("x", parse_rule("drift is found or evidence is found"))
    seen = {"drift": Observation("drift", 0.0, 200, judged=False)}
    for day, p in enumerate([*USUAL, *[WEAK] * 12]):
        evidence = judge(its, day, verdict(p))
        if day == 7:
            found = observe_evidence(evidence, "day", profile)
            assert (found.value, found.n, found.judged) == (None, 0, False)
            assert evaluate(monitor, seen | {"evidence": found}).result == "ok"  # as of any other such window
    found = observe_evidence(evidence, "day", profile)
    assert (found.value, found.n, found.judged) == (None, 0, None)
    assert found.note.startswith("Only a profile")
    assert evaluate(monitor, seen | {"evidence": found}).result == "no_data"  # what was found is not over
    few = observe_evidence(evidence, "day", NOTHING)
    assert (few.value, few.judged) == (pytest.approx(evidence.threshold), True)


def test_without_a_verdict_there_is_none() -> None:
    seen = observe_evidence(None, "day")
    assert (seen.value, seen.judged, seen.n) == (None, None, 0)


def test_many_segments_of_hours_raise_the_threshold_and_nothing_else(its: Watched) -> None:
    """The dial of a single window has a least, which the evidence of many windows does not need."""
    hourly = replace(its.model, window="hour")
    with reading(its.engine) as connection:
        found = carry_evidence(connection, hourly, its.window(0, ""), 1, verdict(0.5), parts=200)
    assert found.threshold == pytest.approx(4 * 200 * 8766, rel=0.01)
    assert not found.state.found
