"""Whether two sources are one and the same: then nothing can differ, and most likely a name was mistaken."""

from __future__ import annotations

import os
from typing import Any

from driftwheel.sources.url import is_url

__all__ = ["SAME_PLACE", "same_place"]

SAME_PLACE = "Both sides are the same place, so nothing can differ. Was another meant as the current images?"
"""What is noted then."""


def same_place(one: Any, other: Any) -> bool:
    """Return whether two things given as images are the same object, path (links followed) or URL.

    Examples
    --------
    >>> same_place("day1", "./day1/"), same_place("day1", "day2"), same_place(["a.jpg"], ["a.jpg"])
    (True, False, False)
    """
    if one is other:
        return True
    if not (isinstance(one, str | os.PathLike) and isinstance(other, str | os.PathLike)):
        return False
    mine, theirs = os.fspath(one), os.fspath(other)
    if is_url(mine) or is_url(theirs):
        return mine.rstrip("/") == theirs.rstrip("/")
    return os.path.realpath(os.path.expanduser(mine)) == os.path.realpath(os.path.expanduser(theirs))  # noqa: PTH111
