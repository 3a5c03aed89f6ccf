"""When records of each segment last came, as far as windows tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from driftwheel.store.schema.tables import windows

__all__ = ["HeardSegment", "heard_segments"]


@dataclass(frozen=True, slots=True)
class HeardSegment:
    """What the last windows of a segment tell; the whole model has an empty tag and value.

    Attributes
    ----------
    start, end
        Of the newest window that records came in.
    received
        When the last of them came.
    windows
        How many windows records came in.
    """

    tag: str
    value: str
    start: datetime
    end: datetime
    received: datetime
    windows: int


def heard_segments(connection: Connection, model: int, count: int) -> list[HeardSegment]:
    """Return the segments of a model with records in its newest `count` spans of time, in no order."""
    c = windows.c
    came = (c.model == model, c.received.is_not(None))
    starts = select(c.start).where(*came).distinct().order_by(c.start.desc()).limit(count)
    query = select(c.tag, c.value, func.max(c.start), func.max(c.end), func.max(c.received), func.count())
    rows = connection.execute(query.where(*came, c.start.in_(starts)).group_by(c.tag, c.value))
    return [HeardSegment(*row) for row in rows]
