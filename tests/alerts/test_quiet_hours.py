"""Quiet hours: wall-clock time, over midnight, over a change of clocks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.alerts.quiet_hours import (
    DAYS,
    QuietHours,
    QuietSpan,
    quiet_hours_from_json,
    quiet_hours_to_json,
    quiet_until,
)
from driftwheel.errors import UsageError

NIGHTS = QuietHours("Europe/Berlin", (QuietSpan(DAYS, time(22), time(7)),))
WEEKENDS = QuietHours("UTC", (QuietSpan(("sat", "sun"), time(0), time(0)),))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


TIMES = st.times().map(lambda one: one.replace(second=0, microsecond=0))
SPANS = st.builds(
    QuietSpan, st.lists(st.sampled_from(DAYS), min_size=1, unique=True).map(tuple), TIMES, TIMES
)
HOURS = st.builds(
    QuietHours,
    st.sampled_from(("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")),
    st.lists(SPANS, min_size=1, max_size=4).map(tuple),
    st.booleans(),
)
MOMENTS = st.datetimes(utc(2026, 1, 1).replace(tzinfo=None), utc(2027, 1, 1).replace(tzinfo=None))


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (utc(2026, 3, 4, 20, 59), None),
        (utc(2026, 3, 4, 21, 0), utc(2026, 3, 5, 6, 0)),
        (utc(2026, 3, 5, 5, 59), utc(2026, 3, 5, 6, 0)),
        (utc(2026, 3, 5, 6, 0), None),
        (utc(2026, 3, 28, 22, 0), utc(2026, 3, 29, 5, 0)),  # the night that lacks an hour
        (utc(2026, 10, 24, 22, 0), utc(2026, 10, 25, 6, 0)),  # the night that has one more
    ],
)
def test_nights(now: datetime, until: datetime | None) -> None:
    assert quiet_until(NIGHTS, now) == until


def test_days_that_touch_are_one_quiet() -> None:
    assert quiet_until(WEEKENDS, utc(2026, 11, 21, 12)) == utc(2026, 11, 23)
    assert quiet_until(WEEKENDS, utc(2026, 11, 23)) is None


def test_where_it_is_always_quiet_it_ends_in_a_week() -> None:
    always = QuietHours("UTC", (QuietSpan(DAYS, time(0), time(0)),))
    assert quiet_until(always, utc(2026, 11, 21)) == utc(2026, 11, 28)


def test_without_quiet_hours_it_is_never_quiet() -> None:
    assert quiet_until(None, utc(2026, 11, 21)) is None


@given(HOURS)
def test_quiet_hours_survive_storage(quiet: QuietHours) -> None:
    assert quiet_hours_from_json(json.loads(json.dumps(quiet_hours_to_json(quiet)))) == quiet


@given(HOURS, MOMENTS.map(lambda one: one.replace(tzinfo=UTC)))
def test_it_is_quiet_until_then_and_not_after(quiet: QuietHours, now: datetime) -> None:
    until = quiet_until(quiet, now)
    if until is None:
        return
    assert now < until <= now + timedelta(days=7)
    assert quiet_until(quiet, now + (until - now) / 2) is not None
    if until < now + timedelta(days=7):
        assert quiet_until(quiet, until) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"zone": "Europe/Berln"}, "no time zone 'Europe/Berln'.*Did you mean 'Europe/Berlin'"),
        ({"zone": "../etc/passwd"}, "There is no time zone"),
        ({"zone": 3}, "quiet hours look like this"),
        ({"spans": []}, "have 1 to 50 spans; 0 were given"),
        ({"spans": [{"days": ["monday"], "start": "22:00", "end": "07:00"}]}, "'monday' is no day"),
        ({"spans": [{"days": [], "start": "22:00", "end": "07:00"}]}, "has no days"),
        ({"spans": [{"start": "22", "end": "07:00"}]}, "'22' is no time of the day"),
        ({"spans": [{"start": "25:00", "end": "07:00"}]}, "'25:00' is no time of the day"),
        ({"spans": ["night"]}, "quiet hours look like this"),
        ({"critical": True}, "quiet hours look like this"),
        ({"critical_passes": "yes"}, "quiet hours look like this"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        quiet_hours_from_json(quiet_hours_to_json(NIGHTS) | change)
