"""Windows with a certain verdict: what a list of records is narrowed to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, false, or_, select, type_coerce

from driftwheel.store.engine.tag_filter import has_tag
from driftwheel.store.schema.alert_tables import verdicts
from driftwheel.store.schema.columns import EPOCH, MICROSECOND
from driftwheel.store.schema.tables import records
from driftwheel.store.windows.verdicts import Answer
from driftwheel.store.windows.windows import window_of

__all__ = ["JudgedWindows", "judged_windows", "lies_in"]

_WHOLE = ("", "")


@dataclass(frozen=True, slots=True)
class JudgedWindows:
    """Windows of a model.

    Attributes
    ----------
    window
        The model's: ``hour``, ``day`` or ``week``.
    starts
        Tag and value (both empty: the whole model) → when the windows of that segment start, rising.
    """

    window: str
    starts: Mapping[tuple[str, str], tuple[datetime, ...]]

    @property
    def count(self) -> int:
        """How many these are."""
        return sum(map(len, self.starts.values()))

    @property
    def first(self) -> datetime:
        """When the first starts; there must be one."""
        return min(starts[0] for starts in self.starts.values())

    @property
    def end(self) -> datetime:
        """When the last ends; there must be one."""
        return window_of(max(starts[-1] for starts in self.starts.values()), self.window)[1]


def judged_windows(
    connection: Connection,
    model: int,
    window: str,
    answer: Answer,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    segment: tuple[str, str] | None = None,
) -> JudgedWindows:
    """Return the windows of a model with this answer.

    Parameters
    ----------
    window
        The model's.
    since, until
        Only those that overlap this span.
    segment
        Tag and value of one; None: the whole model, and of segments those whose whole has another answer.
    """
    query = select(verdicts.c.start, verdicts.c.tag, verdicts.c.value)
    query = query.where(verdicts.c.model == model, verdicts.c.answer == answer)
    if since is not None:
        query = query.where(verdicts.c.end > since)
    if until is not None:
        query = query.where(verdicts.c.start < until)
    if segment is not None:
        query = query.where(verdicts.c.tag == segment[0], verdicts.c.value == segment[1])
    starts: defaultdict[tuple[str, str], set[datetime]] = defaultdict(set)
    for start, tag, value in connection.execute(query):
        starts[tag, value].add(start)
    whole = starts.get(_WHOLE, set())
    own = {key: each if key == _WHOLE else each - whole for key, each in starts.items()}
    return JudgedWindows(window, {key: tuple(sorted(own[key])) for key in sorted(own) if own[key]})


def lies_in(connection: Connection, chosen: JudgedWindows) -> ColumnElement[bool]:
    """Return the condition that a record lies in one of these windows, and has the tag of its segment."""
    time = type_coerce(records.c.time, BigInteger)
    origin, end = window_of(EPOCH, chosen.window)  # from there on, and before, each is as long
    length = (end - origin) // MICROSECOND
    into = (time - _microseconds(origin)) % length
    start = time - (into + length) % length  # of a time before 1970 the remainder is below 0
    return or_(
        false(),
        *(
            and_(
                start.in_([_microseconds(one) for one in starts]),
                *([has_tag(connection, tag, value)] if tag else []),
            )
            for (tag, value), starts in chosen.starts.items()
        ),
    )


def _microseconds(time: datetime) -> int:
    since: timedelta = time - EPOCH
    return since // MICROSECOND
