"""How long to wait before the next attempt."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["LONGEST_PAUSE", "next_pause", "read_retry_after"]

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
LONGEST_RETRY_AFTER = 3600.0


def next_pause(failures: int, jitter: float, retry_after: float | None = None) -> float:
    """Return the seconds to wait after so many failures in a row.

    Half a second, doubled for each failure up to a minute, and of that a random share of at least one half: a
    fleet of clients whose server comes back does not call all at once. A server that says when to come back
    is never called before, and at most a quarter later.

    Parameters
    ----------
    failures
        At least 1.
    jitter
        Uniform in [0, 1).
    retry_after
        Seconds, as the server said; not believed above one hour.

    Examples
    --------
    >>> next_pause(1, 0.0), next_pause(3, 0.5), next_pause(20, 0.0)
    (0.25, 1.5, 30.0)
    >>> next_pause(1, 0.0, retry_after=7)
    7.0
    """
    if retry_after is not None:
        return min(retry_after, LONGEST_RETRY_AFTER) * (1 + jitter / 4)
    longest: float = min(FIRST_PAUSE * 2 ** min(failures - 1, 32), LONGEST_PAUSE)
    return longest * (1 + jitter) / 2


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds a ``Retry-After`` header asks for, None where it is absent or unreadable.

    Both forms of RFC 9110 are read: seconds, and a date.

    Examples
    --------
    >>> read_retry_after("120", datetime(2026, 1, 1, tzinfo=UTC))
    120.0
    >>> read_retry_after("Thu, 01 Jan 2026 00:00:30 GMT", datetime(2026, 1, 1, tzinfo=UTC))
    30.0
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max(0.0, (moment - now).total_seconds())
