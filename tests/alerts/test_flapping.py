"""Flapping: how often is too often."""

from __future__ import annotations

from tests.alerts.making import HOUR, at, episode

from driftwheel.alerts.flapping import FLAPPING_EPISODES, FLAPPING_WINDOWS, is_flapping


def test_the_third_alert_in_twelve_windows_is_one_too_many() -> None:
    assert FLAPPING_EPISODES == 3
    before = [episode(2, last_breach=at(12)), episode(1, last_breach=at(9))]
    assert is_flapping(before, at(20), HOUR)
    assert not is_flapping(before[:1], at(20), HOUR)


def test_what_is_long_ago_does_not_count() -> None:
    old = [episode(2, last_breach=at(20 - FLAPPING_WINDOWS)), episode(1, last_breach=at(1))]
    assert not is_flapping(old, at(20), HOUR)


def test_what_never_fired_does_not_count() -> None:
    silent = [episode(key, last_breach=at(18), fired=None) for key in (1, 2, 3)]
    assert not is_flapping(silent, at(20), HOUR)
