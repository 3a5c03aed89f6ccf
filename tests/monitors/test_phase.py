"""Which past windows a window is like."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from driftwheel.monitors.phase import same_phase

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def days(n: int) -> list[datetime]:
    return [MONDAY + i * DAY for i in range(n)]


def hours(n: int) -> list[datetime]:
    return [MONDAY + i * HOUR for i in range(n)]


def test_nothing_is_said_of_the_first_weekend() -> None:
    assert same_phase(days(5), MONDAY + 5 * DAY, 5) is None
    assert same_phase(days(12), MONDAY + 12 * DAY, 5) == list(range(12))


def test_days_are_held_against_the_same_weekday_once_there_are_enough() -> None:
    assert same_phase(days(35), MONDAY + 35 * DAY, 5) == [0, 7, 14, 21, 28]


def test_hours_are_held_against_the_same_hour() -> None:
    now = MONDAY + 7 * DAY + 3 * HOUR
    assert same_phase(hours(7 * 24 + 3), now, 5) == [3 + 24 * i for i in range(7)]
    assert same_phase(hours(20), MONDAY + 20 * HOUR, 5) is None


def test_weeks_are_all_alike() -> None:
    weeks = [MONDAY + i * 7 * DAY for i in range(5)]
    assert same_phase(weeks, MONDAY + 35 * DAY, 5) == [0, 1, 2, 3, 4]
