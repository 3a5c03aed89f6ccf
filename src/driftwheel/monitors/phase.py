"""Phase: windows of the same hour and weekday, alike where days and weeks have a pattern."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

__all__ = ["same_phase"]


def same_phase(past: Sequence[datetime], start: datetime, least: int) -> list[int] | None:
    """Return which past windows a window should be held against, None where none like it has been seen.

    Those of the same weekday and hour where there are `least` of them, else those of the same hour where
    there are `least` and at least one of them is of the same weekday. So nothing is said of the first
    weekend, or of the first night.

    Parameters
    ----------
    past
        Starts of windows of one length, the oldest first.
    start
        Start of the window.
    least
        At least 1.

    Returns
    -------
    list of int
        Positions in `past`, rising.

    Examples
    --------
    >>> days = [datetime(2026, 3, day) for day in range(2, 9)]  # Monday to Sunday
    >>> same_phase(days, datetime(2026, 3, 9), 5)
    [0, 1, 2, 3, 4, 5, 6]
    >>> same_phase(days[:5], datetime(2026, 3, 7), 5) is None  # the first Saturday
    True
    """
    same_hour = [i for i, one in enumerate(past) if (one.hour, one.minute) == (start.hour, start.minute)]
    same_day = [i for i in same_hour if past[i].weekday() == start.weekday()]
    if len(same_day) >= least:
        return same_day
    return same_hour if same_day and len(same_hour) >= least else None
