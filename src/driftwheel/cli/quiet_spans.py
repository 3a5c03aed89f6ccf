"""Quiet hours as they are typed on a command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from driftwheel.errors import UsageError

__all__ = ["as_quiet_hours"]

_SPAN = re.compile(r"(?:([a-z,-]+)\s+)?(\d{1,2}:\d{2})\s*[-–]\s*(\d{1,2}:\d{2})")


def as_quiet_hours(spans: Sequence[str], zone: str, *, critical_passes: bool = True) -> dict[str, Any]:
    """Return quiet hours as plain values, see `driftwheel.alerts.quiet_hours`.

    Parameters
    ----------
    spans
        Each such as ``22:00-07:00``, ``mon-fri 22:00-07:00`` or ``sat,sun 00:00-24:00``.
    zone
        The time zone of all of them.
    critical_passes
        Whether critical alerts are told all the same.

    Examples
    --------
    >>> as_quiet_hours(["sat,sun 00:00-24:00"], "UTC")["spans"]
    [{'days': ['sat', 'sun'], 'start': '00:00', 'end': '24:00'}]
    >>> as_quiet_hours(["at night"], "UTC")
    Traceback (most recent call last):
    driftwheel.errors.UsageError: 'at night' are no quiet hours; write them as 'mon-fri 22:00-07:00'.
    """
    return {
        "zone": zone,
        "spans": [_span(one) for one in spans],
        "critical_passes": critical_passes,
    }


def _span(text: str) -> dict[str, Any]:
    from driftwheel.alerts.quiet_hours import DAYS

    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise UsageError(f"'{text}' are no quiet hours; write them as 'mon-fri 22:00-07:00'.")
    days = list(DAYS) if found[1] is None else [day for one in found[1].split(",") for day in _days(one)]
    return {"days": days, "start": found[2].zfill(5), "end": found[3].zfill(5)}


def _days(text: str) -> list[str]:
    from driftwheel.alerts.quiet_hours import DAYS

    first, dash, last = text.partition("-")
    for day in (first, *([last] if dash else [])):
        if day not in DAYS:
            raise UsageError(f"'{day}' is no day of the week; the days are {', '.join(DAYS)}.")
    start = DAYS.index(first)
    length = (DAYS.index(last) - start) % 7 + 1 if dash else 1
    return [DAYS[(start + i) % 7] for i in range(length)]
