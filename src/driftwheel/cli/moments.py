"""Moments as they are typed on a command line."""

from __future__ import annotations

from datetime import UTC, datetime

from driftwheel.errors import UsageError

__all__ = ["as_moment"]


def as_moment(text: str) -> datetime:
    """Return the moment of an ISO date or time, UTC where it names no time zone.

    Examples
    --------
    >>> as_moment("2026-03-04").isoformat()
    '2026-03-04T00:00:00+00:00'
    >>> as_moment("4.3.2026")
    Traceback (most recent call last):
    driftwheel.errors.UsageError: '4.3.2026' is no time; write it as 2026-03-04 or 2026-03-04T05:06:07Z.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is no time; write it as 2026-03-04 or 2026-03-04T05:06:07Z.") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
