"""When each segment of a model was last heard of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from driftwheel.store.windows import StoredWindow, last_windows

__all__ = ["MOST_SEGMENTS", "REMEMBERED", "Heard", "last_heard"]

MOST_SEGMENTS = 500
"""No more segments of a model are listened to: whoever logs may invent values of a tag without end."""

REMEMBERED = 50
"""A segment that nothing came from in so many windows with records counts as gone."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A segment that records come from; the whole model has an empty tag and value.

    Attributes
    ----------
    newest
        Its newest window with records.
    last
        When its last record came, by the server's clock.
    """

    tag: str
    value: str
    newest: StoredWindow
    last: datetime


def last_heard(connection: Connection, model: int) -> list[Heard]:
    """Return the segments of a model that are not gone, by tag and value, the whole model first.

    Where there are more than `MOST_SEGMENTS`, those with records in the most windows.
    """
    found: dict[tuple[str, str], Heard] = {}
    windows: Counter[tuple[str, str]] = Counter()
    for one in last_windows(connection, model, REMEMBERED):  # the oldest first
        if one.received is not None:
            before = found.get((one.tag, one.value))
            last = one.received if before is None else max(one.received, before.last)
            found[one.tag, one.value] = Heard(one.tag, one.value, one, last)
            windows[one.tag, one.value] += 1
    known = sorted(found, key=lambda segment: (segment != ("", ""), -windows[segment], segment))
    return [found[segment] for segment in sorted(known[: MOST_SEGMENTS + 1])]
