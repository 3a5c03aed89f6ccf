"""Quiet hours: spans of the week in which a channel is told nothing, or only of what is critical."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Literal

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

DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """From `start` on these days until `end`; where `end` is not later than `start`, on the next day."""

    days: tuple[Day, ...]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When a channel is quiet.

    Attributes
    ----------
    zone
        A time zone's name, for example ``Europe/Berlin``.
    spans
        Wall-clock spans in that zone.
    critical_passes
        Whether critical alerts are told all the same.
    """

    zone: str
    spans: tuple[QuietSpan, ...]
    critical_passes: bool = True


def quiet_until(quiet: QuietHours | None, now: datetime) -> datetime | None:
    """Return when the quiet that holds at `now` ends, in UTC; None where it is not quiet."""
    raise NotImplementedError


def quiet_hours_to_json(quiet: QuietHours) -> dict[str, Any]:
    """Return quiet hours as plain values, as `channels.quiet_hours` and a TOML table keep them."""
    raise NotImplementedError


def quiet_hours_from_json(plain: Mapping[str, Any]) -> QuietHours:
    """Return the quiet hours of plain values; raise `UsageError` that names what cannot be."""
    raise NotImplementedError
