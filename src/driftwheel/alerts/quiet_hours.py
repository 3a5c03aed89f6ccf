"""Quiet hours: spans of the week in which a channel is told nothing, or only of what is critical."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from driftwheel.errors import UsageError, did_you_mean

__all__ = [
    "DAYS",
    "Day",
    "QuietHours",
    "QuietSpan",
    "quiet_hours_from_json",
    "quiet_hours_to_json",
    "quiet_until",
]

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

DAYS: tuple[Day, ...] = get_args(Day)
"""From Monday, as `datetime.weekday` counts them."""

_MOST_SPANS = 50
_FORM = (
    "quiet hours look like this: "
    '{"zone": "Europe/Berlin", "spans": [{"days": ["sat", "sun"], "start": "00:00", "end": "24:00"}]}'
)


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """A time of the day on some days.

    Attributes
    ----------
    days
        The days on which it begins, at least one.
    start
        Wall-clock time, to the minute.
    end
        The same, not itself in it; where it is not later than `start`, on the next day. 00:00 is the end of
        the day.
    """

    days: tuple[Day, ...]
    start: time
    end: time

    def __post_init__(self) -> None:
        if not self.days:
            raise UsageError("A span of quiet hours has no days; give some of " + ", ".join(DAYS) + ".")
        for day in self.days:
            if day not in DAYS:
                hint = did_you_mean(day, DAYS)
                raise UsageError(f"'{day}' is no day of quiet hours; write {', '.join(DAYS)}.{hint}")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When a channel is quiet.

    Attributes
    ----------
    zone
        A time zone's name, for example ``Europe/Berlin``.
    spans
        Wall-clock spans in that zone, at least one; they may overlap.
    critical_passes
        Whether critical alerts are told all the same.
    """

    zone: str
    spans: tuple[QuietSpan, ...]
    critical_passes: bool = True

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            hint = did_you_mean(self.zone, available_timezones())
            message = f"There is no time zone '{self.zone}'; write it like Europe/Berlin or UTC.{hint}"
            raise UsageError(message) from None
        if not 0 < len(self.spans) <= _MOST_SPANS:
            raise UsageError(f"Quiet hours have 1 to {_MOST_SPANS} spans; {len(self.spans)} were given.")


def quiet_until(quiet: QuietHours | None, now: datetime) -> datetime | None:
    """Return when the quiet that holds at `now` ends, in UTC; None where it is not quiet.

    Spans that touch or overlap are one. Where they fill the week, that is a week from now. On the days when
    clocks are changed a span lasts as its wall-clock times say.

    Examples
    --------
    >>> night = QuietHours("Europe/Berlin", (QuietSpan(DAYS, time(22), time(7)),))
    >>> quiet_until(night, datetime(2026, 3, 4, 23, 30, tzinfo=UTC)).isoformat()
    '2026-03-05T06:00:00+00:00'
    """
    if quiet is None:
        return None
    limit = now + timedelta(days=7)
    end = now
    while end < limit and (ends := _ends_of_spans(quiet, end)):
        end = max(ends)
    return min(end, limit).astimezone(UTC) if end > now else None


def quiet_hours_to_json(quiet: QuietHours) -> dict[str, Any]:
    """Return quiet hours as plain values, as `channels.quiet_hours` and a TOML table keep them."""
    return {
        "zone": quiet.zone,
        "spans": [
            {"days": list(one.days), "start": f"{one.start:%H:%M}", "end": f"{one.end:%H:%M}"}
            for one in quiet.spans
        ],
        "critical_passes": quiet.critical_passes,
    }


def quiet_hours_from_json(plain: Mapping[str, Any]) -> QuietHours:
    """Return the quiet hours of plain values; raise `UsageError` that names what cannot be.

    Examples
    --------
    >>> plain = {"zone": "UTC", "spans": [{"days": ["sat"], "start": "00:00", "end": "24:00"}]}
    >>> quiet_hours_from_json(plain).spans[0].end
    datetime.time(0, 0)
    """
    zone, spans = plain.get("zone"), plain.get("spans")
    passes = plain.get("critical_passes", True)
    if set(plain) - {"zone", "spans", "critical_passes"} or not isinstance(zone, str):
        raise UsageError(f"Not understood: {dict(plain)!r}; {_FORM}.")
    if not isinstance(spans, list) or not isinstance(passes, bool):
        raise UsageError(f"Not understood: {dict(plain)!r}; {_FORM}.")
    return QuietHours(zone, tuple(_span(one) for one in spans), passes)


def _span(plain: Any) -> QuietSpan:
    days = plain.get("days", list(DAYS)) if isinstance(plain, Mapping) else None
    if not isinstance(days, list) or set(plain) - {"days", "start", "end"}:
        raise UsageError(f"Not understood: {plain!r}; {_FORM}.")
    return QuietSpan(tuple(days), _time(plain.get("start")), _time(plain.get("end")))


def _time(text: Any) -> time:
    if text == "24:00":
        return time(0)
    try:
        hours, minutes = (int(part) for part in str(text).split(":"))
        return time(hours, minutes)
    except ValueError:
        raise UsageError(f"'{text}' is no time of the day; write it like 22:00.") from None


def _ends_of_spans(quiet: QuietHours, now: datetime) -> list[datetime]:
    """Return the ends, in UTC, of the spans that `now` is in."""
    zone = ZoneInfo(quiet.zone)
    today = now.astimezone(zone).date()
    found: list[datetime] = []
    for date in (today - timedelta(days=1), today):
        for span in quiet.spans:
            if DAYS[date.weekday()] in span.days:
                last = date if span.end > span.start else date + timedelta(days=1)
                start = datetime.combine(date, span.start, zone).astimezone(UTC)
                end = datetime.combine(last, span.end, zone).astimezone(UTC)
                if start <= now < end:
                    found.append(end)
    return found
