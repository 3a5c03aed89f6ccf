"""What to tell of a split by time and tags that splits nothing: the images have no time, or no such tag."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from driftwheel.errors import did_you_mean
from driftwheel.profiles.window import Window
from driftwheel.records import Records

__all__ = ["SplitNotes"]

_WHERE = "a name pattern (--name-pattern) or a table (--table)"


class SplitNotes:
    """Which of the wanted splits the images have anything for, as their records go by.

    Examples
    --------
    >>> records = Records(("a",), np.zeros((1, 1), np.float32), ("x",), tags={"camera": ("left",)})
    >>> seen = SplitNotes(None, ["camra"])
    >>> seen.add(records)
    >>> seen.notes()
    ("No image has the tag 'camra', so it splits nothing. Did you mean 'camera'? Tags there are: camera.",)
    """

    def __init__(self, window: Window | None, by: Sequence[str]) -> None:
        self._window = window
        self._by = by
        self._timed = False
        self._tags: set[str] = set()

    def add(self, records: Records) -> None:
        """Take note of the times and tags of a chunk of records, unreadable images included."""
        if records.times is not None:
            self._timed = self._timed or not bool(np.isnat(records.times).all())
        self._timed = self._timed or any(one.time is not None for one in records.unreadable)
        self._tags |= {name for name, values in records.tags.items() if any(v is not None for v in values)}
        self._tags |= {name for one in records.unreadable for name in one.tags}

    def notes(self) -> tuple[str, ...]:
        """Return one sentence for the window, and one for each tag, that no image has anything for."""
        told = []
        if self._window is not None and not self._timed:
            told.append(
                f"No image has a time, so windows of one {self._window} split nothing. Times come "
                f"from {_WHERE}, or from EXIF."
            )
        for tag in self._by:
            if tag not in self._tags:
                known = ", ".join(sorted(self._tags))
                there = (
                    f"Tags there are: {known}."
                    if known
                    else f"No image has any tag; they come from {_WHERE}."
                )
                told.append(
                    f"No image has the tag '{tag}', so it splits nothing."
                    f"{did_you_mean(tag, self._tags)} {there}"
                )
        return tuple(told)
