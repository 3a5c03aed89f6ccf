"""Windows: against the calendar, alone and in arrays, and coarser windows are made of whole finer ones."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.errors import UsageError
from driftwheel.profiles.window import WINDOWS, Window, as_window, window_of, window_starts

times = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@given(st.lists(times, max_size=5), st.sampled_from(WINDOWS))
def test_array_and_single_agree(moments: list[datetime], window: Window) -> None:
    array = np.array([t.replace(tzinfo=None) for t in moments], "datetime64[us]")
    starts = window_starts(array, window).tolist()
    assert [s.replace(tzinfo=UTC) for s in starts] == [window_of(t, window) for t in moments]


@given(times)
def test_windows_nest_and_weeks_start_on_monday(moment: datetime) -> None:
    for finer, coarser in (("hour", "day"), ("day", "week"), ("hour", "week")):
        assert window_of(window_of(moment, finer), coarser) == window_of(moment, coarser)
    week = window_of(moment, "week")
    assert week.weekday() == 0
    assert week <= moment < week + timedelta(days=7)


def test_other_zones_are_counted_in_utc() -> None:
    moment = datetime(2026, 3, 4, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert window_of(moment, "day") == datetime(2026, 3, 3, tzinfo=UTC)


def test_unknown_times_stay_unknown() -> None:
    for window in WINDOWS:
        assert np.isnat(window_starts(np.array(["NaT"], "datetime64[us]"), window)).all()


def test_unknown_window() -> None:
    with pytest.raises(
        UsageError, match=r"no window 'dya'; choose one of hour, day, week. Did you mean 'day'"
    ):
        as_window("dya")
