"""Monitors: their definitions are read and written, what cannot be is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from tests.monitors.rules import MONITORS

from driftwheel.errors import UsageError
from driftwheel.monitors.monitor import Monitor, definition_of, monitor_from, watched_tags
from driftwheel.monitors.rule_text import parse_rule

DRIFT = parse_rule("drift is found")


@given(MONITORS)
def test_a_monitor_survives_storage(monitor: Monitor) -> None:
    stored = json.loads(json.dumps(definition_of(monitor)))
    assert monitor_from(monitor.name, stored) == monitor


def test_what_is_left_out_has_its_default() -> None:
    assert monitor_from("drift", {"when": "drift is found"}) == Monitor("drift", DRIFT)


def test_two_breaches_are_two_of_two_windows_unless_said_otherwise() -> None:
    assert monitor_from("drift", {"when": "drift is found", "breaches": 2}).of_windows == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"when": None}, "it needs 'when'"),
        ({"when": "drift is fond"}, "Rule, character 10"),
        ({"severty": "info"}, "there is no 'severty' in a monitor.*Did you mean 'severity'"),
        ({"severity": "citical"}, "severity is 'citical'.*Did you mean 'critical'"),
        ({"severity": 3}, "'severity' is 3; give text"),
        ({"breaches": 0}, "breaches is 0; give a whole number of 1 to 100"),
        ({"breaches": True}, "'breaches' is True; give a whole number"),
        ({"breaches": 3, "of_windows": 2}, "breaches is 3 and of_windows 2"),
        ({"least_n": 2.5}, "'least_n' is 2.5; give a whole number"),
        ({"keep_firing_for": 101}, "keep_firing_for is 101"),
        ({"segments": "camera"}, "'segments' is 'camera'; give a list of tags"),
        ({"segments": []}, "segments is empty"),
        ({"segments": ["a", "a"]}, "names a tag twice"),
        ({"note": "x" * 2001}, "note has 2,001 characters"),
    ],
)
def test_a_definition_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=f"Monitor 'm': .*{message}"):
        monitor_from("m", {"when": "drift is found"} | change)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 129])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a monitor's name"):
        Monitor(name, DRIFT)


def test_which_segments_are_watched() -> None:
    tags = ("camera", "site")
    assert watched_tags(Monitor("m", DRIFT), tags) == ("", "camera", "site")
    assert watched_tags(Monitor("m", DRIFT, segments=("",)), tags) == ("",)
    assert watched_tags(Monitor("m", DRIFT, segments=("site", "lens")), tags) == ("site",)
