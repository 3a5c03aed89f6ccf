"""When each segment of a model was last heard of."""

from __future__ import annotations

from sqlalchemy import Connection

from driftwheel.store.windows.heard_segments import HeardSegment, heard_segments

__all__ = ["MOST_SEGMENTS", "REMEMBERED", "last_heard"]

MOST_SEGMENTS = 500
"""No more segments of a model are listened to: whoever logs may invent values of a tag without end."""

REMEMBERED = 50
"""A segment that nothing came from in so many windows with records counts as gone."""


def last_heard(connection: Connection, model: int) -> list[HeardSegment]:
    """Return the segments of a model that are not gone, by tag and value, the whole model first.

    Where there are more than `MOST_SEGMENTS`, those with records in the most windows.
    """
    found = heard_segments(connection, model, REMEMBERED)
    found.sort(key=lambda one: (bool(one.tag), -one.windows, one.tag, one.value))
    return sorted(found[: MOST_SEGMENTS + 1], key=lambda one: (one.tag, one.value))
