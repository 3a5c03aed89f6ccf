"""When each segment of a model was last heard of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from driftwheel.store.windows import StoredWindow, last_windows

__all__ = ["REMEMBERED", "Heard", "last_heard"]

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
    """Return the segments of a model that are not gone, by tag and value, the whole model first."""
    found: dict[tuple[str, str], Heard] = {}
    for one in last_windows(connection, model, REMEMBERED):  # the oldest first
        if one.received is not None:
            before = found.get((one.tag, one.value))
            last = one.received if before is None else max(one.received, before.last)
            found[one.tag, one.value] = Heard(one.tag, one.value, one, last)
    return [found[segment] for segment in sorted(found)]
