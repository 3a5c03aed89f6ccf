"""Lists of what is kept for each window: how long they are, and how to go on."""

from __future__ import annotations

__all__ = ["MOST_WINDOWS", "NEWEST"]

MOST_WINDOWS = 1000
"""Windows, or verdicts on windows, in one answer."""

NEWEST = (
    "The newest so many, without cutting through a span of time, of which all segments are there. To go on, "
    "ask until the first start."
)
