"""Suggested monitors: they can be kept, and a newcomer is not flooded."""

from __future__ import annotations

import pytest

from driftwheel.monitors.evaluate import evaluate
from driftwheel.monitors.monitor import definition_of, monitor_from, watched_tags
from driftwheel.monitors.observation import Observation
from driftwheel.monitors.rule import signals_of
from driftwheel.monitors.signal import SIGNALS
from driftwheel.monitors.suggest import suggested_for_autoencoder, suggested_monitors
from driftwheel.profiles.window import WINDOWS, Window


@pytest.mark.parametrize("window", WINDOWS)
def test_they_can_be_kept_and_their_names_are_unique(window: Window) -> None:
    monitors = (*suggested_monitors("detection", ("camera",), window), suggested_for_autoencoder(window))
    assert len({one.name for one in monitors}) == len(monitors)
    for one in monitors:
        assert monitor_from(one.name, definition_of(one)) == one
        assert one.note


def test_every_signal_but_single_properties_and_estimates_is_watched() -> None:
    monitors = (*suggested_monitors("classification", ("a",), "day"), suggested_for_autoencoder("day"))
    watched = {name for one in monitors for name in signals_of(one.rule)}
    assert watched == {one.name for one in SIGNALS if one.kind != "effect" and not one.estimated}


def test_tags_are_missed_only_where_there_are_segments() -> None:
    names = {one.name for one in suggested_monitors("classification", (), "day")}
    assert "missing tags" not in names


def test_cameras_are_watched_one_by_one_and_predictions_as_a_whole() -> None:
    by_name = {one.name: one for one in suggested_monitors("classification", ("camera",), "day")}
    assert watched_tags(by_name["drift"], ["camera"]) == ("", "camera")
    assert watched_tags(by_name["prediction mix"], ["camera"]) == ("",)


def test_a_healthy_first_window_breaches_none() -> None:
    quiet = {one.name: Observation(one.name, 0.0, 500, judged=False) for one in SIGNALS}
    unknown = {one.name: Observation(one.name, 0.0, 500) for one in SIGNALS}
    monitors = suggested_monitors("classification", ("camera",), "day")
    for monitor in (*monitors, suggested_for_autoencoder("day")):
        assert evaluate(monitor, quiet).result == "ok"
        assert evaluate(monitor, quiet).cleared
        assert evaluate(monitor, unknown).result in {"ok", "insufficient"}


def test_hours_must_breach_twice_where_they_vary_by_themselves() -> None:
    by_name = {one.name: one for one in suggested_monitors("classification", (), "hour")}
    assert (by_name["confidence"].breaches, by_name["confidence"].of_windows) == (2, 3)
    assert by_name["drift"].breaches == 1
