"""Evaluation: thresholds, calibrated tests, and what is unknown is never ok."""

from __future__ import annotations

import itertools
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitors.rules import MONITORS
from tests.monitors.test_observation import OBSERVATIONS

from driftwheel.monitors.evaluate import (
    Evaluation,
    Result,
    evaluate,
    finding_from_json,
    finding_to_json,
)
from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.observation import Observation
from driftwheel.monitors.rule import signals_of
from driftwheel.monitors.rule_text import parse_rule

UNKNOWN = {"no_data", "insufficient", "error"}


def found(rule: str, *seen: Observation, least_n: int = 20) -> Evaluation:
    return evaluate(Monitor("m", parse_rule(rule), least_n=least_n), {one.signal: one for one in seen})


def unreadable(value: float | None, n: int = 100, *, judged: bool | None = None) -> Observation:
    return Observation("unreadable_share", value, n, judged=judged)


@pytest.mark.parametrize(
    ("seen", "result", "cleared"),
    [
        (unreadable(0.06), "breach", False),
        (unreadable(0.05), "ok", False),
        (unreadable(0.011), "ok", False),
        (unreadable(0.01), "ok", True),
        (unreadable(0.06, 19), "insufficient", False),
        (unreadable(None, 0), "no_data", False),
        (unreadable(None, 100), "insufficient", False),
        (unreadable(math.nan), "error", False),
        (Observation("unreadable_share", None, 0, failed=True), "error", False),
        (unreadable(math.inf), "breach", False),
    ],
)
def test_a_threshold_with_a_clear_threshold(seen: Observation, result: Result, cleared: bool) -> None:
    evaluation = found("unreadable_share above 5 % until 1 %", seen)
    assert (evaluation.result, evaluation.cleared) == (result, cleared)


def test_below_is_the_mirror_of_above() -> None:
    values = [0.89, 0.9, 0.92, 0.93]
    evaluations = [
        found("accuracy below 90 % until 93 %", Observation("accuracy", value, 50)) for value in values
    ]
    assert [one.result for one in evaluations] == ["breach", "ok", "ok", "ok"]
    assert [one.cleared for one in evaluations] == [False, False, False, True]


@pytest.mark.parametrize(("judged", "result"), [(True, "breach"), (False, "ok"), (None, "insufficient")])
def test_unusual_is_what_the_calibrated_test_says(judged: bool | None, result: Result) -> None:
    evaluation = found("unreadable_share is unusual", unreadable(0.5, judged=judged))
    assert evaluation.result == result
    assert evaluation.cleared == (result == "ok")


def test_a_signal_that_was_not_observed_has_no_data() -> None:
    evaluation = found("accuracy below 90 %")
    assert evaluation.result == "no_data"
    assert evaluation.findings[0].note == "there is no data"


def test_volume_and_silence_need_no_sample() -> None:
    assert found("records below 5", Observation("records", 0.0, 0)).result == "breach"
    assert found("silence above 2 h", Observation("silence", 9000.0, 0)).result == "breach"


THREE: dict[Result, Observation] = {
    "breach": unreadable(0.5),
    "ok": unreadable(0.0),
    "no_data": unreadable(None, 0),
    "insufficient": unreadable(0.5, 3),
    "error": unreadable(math.nan),
}


@pytest.mark.parametrize(("one", "other"), list(itertools.product(THREE, THREE)))
def test_and_and_or_take_three_values(one: Result, other: Result) -> None:
    first = THREE[one]
    second = Observation("black_share", THREE[other].value, THREE[other].n)
    both = found("unreadable_share above 5 % and black_share above 5 %", first, second)
    either = found("unreadable_share above 5 % or black_share above 5 %", first, second)
    results = {one, other}
    unknown = [each for each in ("error", "insufficient", "no_data") if each in results]
    assert both.result == ("ok" if "ok" in results else [*unknown, "breach"][0])
    assert either.result == ("breach" if "breach" in results else [*unknown, "ok"][0])
    for evaluation in (both, either):
        assert not (evaluation.cleared and results & UNKNOWN)


def test_an_or_is_cleared_when_both_are_and_an_and_when_one_is() -> None:
    half = Observation("black_share", 0.03, 100)  # between the thresholds
    text = "unreadable_share above 5 % until 1 % {} black_share above 5 % until 1 %"
    assert not found(text.format("or"), unreadable(0.0), half).cleared
    assert found(text.format("and"), unreadable(0.0), half).cleared


@given(MONITORS, st.lists(OBSERVATIONS, max_size=6))
def test_what_holds_of_every_evaluation(monitor: Monitor, seen: list[Observation]) -> None:
    evaluation = evaluate(monitor, {one.signal: one for one in seen})
    results = {one.result for one in evaluation.findings}
    assert {one.signal for one in evaluation.findings} == set(signals_of(monitor.rule))
    assert evaluation.result in results
    assert not evaluation.cleared or evaluation.result == "ok"
    assert not (evaluation.cleared and results & UNKNOWN)
    stored = json.loads(json.dumps([finding_to_json(one) for one in evaluation.findings], allow_nan=False))
    assert tuple(finding_from_json(one) for one in stored) == evaluation.findings
