"""How cards write moments, spans, figures and sizes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from driftwheel.performance.figure import Figure
from driftwheel.report.gains import points
from driftwheel.report.numbers import NBSP, count, quantity

__all__ = ["day", "figure", "interval", "listed", "milliseconds", "moment", "number_figure", "size", "span"]


def moment(when: datetime | None) -> str:
    """Return a moment in UTC, to the minute; a dash for None.

    Examples
    --------
    >>> moment(datetime(2026, 11, 23, 2, 14, tzinfo=UTC))
    '2026-11-23 02:14 UTC'
    """
    return "–" if when is None else f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day(when: datetime | None) -> str:
    """Return a day in UTC; a dash for None."""
    return "–" if when is None else f"{when.astimezone(UTC):%Y-%m-%d}"


def span(begin: datetime | None, end: datetime | None) -> str:
    """Return a span in days.

    Examples
    --------
    >>> span(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, 9, tzinfo=UTC)), span(None, None)
    ('2026-03-01', '–')
    """
    if begin is None or end is None:
        return day(begin or end)
    return day(begin) if day(begin) == day(end) else f"{day(begin)} to {day(end)}"


def figure(found: Figure) -> str:
    """Return a share with its interval and how many labels it rests on.

    Examples
    --------
    >>> figure(Figure(0.93, 0.9, 0.95, 312)).replace("\u202f", " ").replace("\u00a0", " ")
    '93.0 % (90.0 to 95.0 %, n = 312)'
    """
    if found.value is None:
        return "–" if not found.n else f"cannot be told (n{NBSP}={NBSP}{count(found.n)})"
    between = interval(found)
    return f"{points(found.value)} ({between + ', ' if between else ''}n{NBSP}={NBSP}{count(found.n)})"


def interval(found: Figure) -> str:
    """Return the interval of a share; empty where there is none."""
    if found.low is None or found.high is None:
        return ""
    return f"{100 * found.low:.1f} to {points(found.high)}"


def number_figure(found: Figure) -> str:
    """Return a plain number with its interval, such as a loss in nats."""
    if found.value is None:
        return "–"
    ends = "" if found.low is None or found.high is None else f"{found.low:.3f} to {found.high:.3f}, "
    return f"{found.value:.3f} ({ends}n{NBSP}={NBSP}{count(found.n)})"


def size(n: int | None) -> str:
    """Return bytes as people read them; a dash for None.

    Examples
    --------
    >>> [size(n).replace("\u00a0", " ") for n in (812, 84_213, 18_400_000)]
    ['812 bytes', '84.2 kB', '18.4 MB']
    """
    if n is None:
        return "–"
    if n < 1000:
        return quantity(n, "byte" if n == 1 else "bytes")
    return quantity(n / 1000, "kB") if n < 1_000_000 else quantity(n / 1_000_000, "MB")


def milliseconds(seconds: float | None) -> str:
    """Return a time in milliseconds; a dash for None."""
    return "–" if seconds is None else quantity(1000 * seconds, "ms")


def listed(names: Sequence[str], most: int = 12) -> str:
    """Return names one after the other, and how many more there are.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"]), listed(["a", "b", "c"], 2)
    ('a', 'a, b and c', 'a, b and 1 more')
    """
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
