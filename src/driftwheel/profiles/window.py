"""Windows of time: the hour, the day or the week (from Monday) that a record belongs to, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError, did_you_mean

__all__ = ["WINDOWS", "Window", "as_window", "window_of", "window_starts", "windows_per_year"]

Window = Literal["hour", "day", "week"]

WINDOWS: tuple[Window, ...] = get_args(Window)
"""From the shortest to the longest; each is made of whole ones of those before it."""


def as_window(name: str) -> Window:
    """Return the window of that name; raise `UsageError` for an unknown one.

    Examples
    --------
    >>> as_window("day")
    'day'
    """
    for window in WINDOWS:
        if window == name:
            return window
    hint = did_you_mean(name, WINDOWS)
    raise UsageError(f"There is no window '{name}'; choose one of {', '.join(WINDOWS)}.{hint}")


def window_starts(times: NDArray[np.datetime64], window: Window) -> NDArray[np.datetime64]:
    """Return the (n,) starts of the windows that (n,) UTC times fall in, datetime64[s]; NaT stays NaT.

    Examples
    --------
    >>> window_starts(np.array(["2026-03-04T05:06:07"], "datetime64[us]"), "week")
    array(['2026-03-02T00:00:00'], dtype='datetime64[s]')
    """
    if window == "hour":
        return times.astype("datetime64[h]").astype("datetime64[s]")
    days = times.astype("datetime64[D]")
    if window == "week":
        since_monday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
        monday = days - since_monday.astype("timedelta64[D]")
        days = np.where(np.isnat(days), days, monday)
    return days.astype("datetime64[s]")


def window_of(time: datetime, window: Window) -> datetime:
    """Return the start, in UTC, of the window that one timezone-aware time falls in.

    Examples
    --------
    >>> window_of(datetime(2026, 3, 4, 5, 6, tzinfo=UTC), "day").isoformat()
    '2026-03-04T00:00:00+00:00'
    """
    hour = time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if window == "hour":
        return hour
    day = hour.replace(hour=0)
    return day - timedelta(days=day.weekday()) if window == "week" else day


def windows_per_year(window: Window) -> float:
    """Return how many such windows a year has.

    Examples
    --------
    >>> windows_per_year("day")
    365.0
    """
    return {"hour": 8760.0, "day": 365.0, "week": 52.0}[window]
