"""Moments and spans of time as they are typed on a command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from driftwheel.errors import UsageError

__all__ = ["as_moment", "as_span"]

_SPAN = re.compile(r"(\d{1,6}) ?(s|m|min|h|d|w)")
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


def as_moment(text: str) -> datetime:
    """Return the moment of an ISO date or time, UTC where it names no time zone.

    Examples
    --------
    >>> as_moment("2026-03-04").isoformat()
    '2026-03-04T00:00:00+00:00'
    >>> as_moment("4.3.2026")
    Traceback (most recent call last):
    driftwheel.errors.UsageError: '4.3.2026' is no time; write it as 2026-03-04 or 2026-03-04T05:06:07Z.
    >>> as_moment("0001-01-01T00:00:00+14:00")
    Traceback (most recent call last):
    driftwheel.errors.UsageError: '0001-01-01T00:00:00+14:00' lies before the year 1 or after 9999 in UTC.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is no time; write it as 2026-03-04 or 2026-03-04T05:06:07Z.") from None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise UsageError(f"'{text}' lies before the year 1 or after 9999 in UTC.") from None


def as_span(text: str) -> timedelta:
    """Return a span of time: a whole number of seconds, minutes, hours, days or weeks.

    Examples
    --------
    >>> as_span("90m"), as_span("3d")
    (datetime.timedelta(seconds=5400), datetime.timedelta(days=3))
    >>> as_span("soon")
    Traceback (most recent call last):
    driftwheel.errors.UsageError: 'soon' is no span of time; write it as 90m, 4h, 3d or 1w.
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"'{text}' is no span of time; write it as 90m, 4h, 3d or 1w.")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
