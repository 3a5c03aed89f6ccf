"""Inhibition: which alert explains which."""

from __future__ import annotations

from typing import Any

import pytest
from tests.alerts.making import at, episode

from driftwheel.alerts.episode import Episode
from driftwheel.alerts.inhibit import inhibitor
from driftwheel.monitors.rule_text import parse_rule

TEXTS = {
    1: "silence above 2 h",
    2: "black_share above 20 %",
    3: "drift is found",
    4: "confidence is unusual",
    5: "property.brightness above 0.5",
    6: "records is unusual",
    7: "accuracy below 90 %",
    8: "drift is found and accuracy below 90 %",
    9: "confidence is unusual and records above 100",
}
RULES = {key: parse_rule(text) for key, text in TEXTS.items()}


def of(monitor: int, camera: str = "", **rest: Any) -> Episode:
    """An episode of a monitor, whose key is ten times the monitor's."""
    return episode(
        monitor * 10,
        monitor=monitor,
        tag="camera" if camera else "",
        value=camera,
        severity="critical",
        **rest,
    )


@pytest.mark.parametrize(
    ("cause", "explained"),
    [
        (of(1), of(3)),
        (of(1), of(3, "2")),
        (of(1), of(6)),
        (of(1), of(2, "2")),
        (of(1, "2"), of(3, "2")),
        (of(2, "2"), of(3, "2")),
        (of(2, "2"), of(4, "2")),
        (of(3), of(4)),
        (of(3, "2"), of(5, "2")),
        (of(3, state="recovering"), of(4)),
    ],
)
def test_what_explains_what(cause: Episode, explained: Episode) -> None:
    assert inhibitor(explained, [explained, cause], RULES) == cause.key
    assert inhibitor(cause, [explained, cause], RULES) is None


@pytest.mark.parametrize(
    ("cause", "other"),
    [
        (of(3), of(3, "2")),  # one group, told together
        (of(3, "2"), of(3)),
        (of(1, "2"), of(3)),  # one silent camera says nothing of the others
        (of(1, "2"), of(3, "1")),
        (of(2), of(3)),  # other cameras may have drifted
        (of(2, "2"), of(3)),
        (of(3), of(4, "2")),
        (of(3), of(6)),
        (of(1), of(7)),  # harm is told of whatever else is wrong
        (of(3), of(8)),
        (of(3), of(9)),
        (of(1, state="pending", fired=None), of(3)),
        (of(1, state="resolved", ended=at(2)), of(3)),
    ],
)
def test_what_does_not(cause: Episode, other: Episode) -> None:
    assert inhibitor(other, [cause, other], RULES) is None


def test_the_silence_of_all_explains_that_of_one() -> None:
    rules = RULES | {11: RULES[1]}
    whole, camera = of(1), of(11, "2")
    assert inhibitor(camera, [whole, camera], rules) == whole.key
    assert inhibitor(whole, [whole, camera], rules) is None


def test_nothing_hides_behind_a_milder_alert() -> None:
    mild = episode(20, monitor=2, tag="camera", value="2", severity="warning")
    assert inhibitor(of(3, "2"), [mild], RULES) is None


def test_the_first_cause_in_the_list_then_the_oldest_explains() -> None:
    rules = RULES | {12: RULES[3]}
    causes = [of(12, "2"), of(3, "2"), of(2, "2"), of(1)]
    symptom = of(4, "2")
    assert [inhibitor(symptom, causes[:n], rules) for n in (1, 2, 3, 4)] == [120, 30, 20, 10]


def test_an_episode_without_its_monitor_explains_nothing() -> None:
    gone = episode(30, monitor=None, severity="critical")
    assert inhibitor(of(4), [gone], RULES) is None
    assert inhibitor(gone, [of(1)], RULES) is None
