"""Spans of time whose windows have a certain verdict: what a list of images is narrowed to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from driftwheel.store.alert_tables import verdicts
from driftwheel.store.verdicts import Answer

__all__ = ["VerdictSpan", "verdict_spans"]


@dataclass(frozen=True, slots=True)
class VerdictSpan:
    """Windows of one segment (both empty: the whole model) that follow each other: start ≤ time < end."""

    start: datetime
    end: datetime
    tag: str
    value: str


def verdict_spans(
    connection: Connection,
    model: int,
    answer: Answer,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    segment: tuple[str, str] | None = None,
) -> list[VerdictSpan]:
    """Return the spans in which the windows of a model have this answer, by start, tag and value.

    Parameters
    ----------
    since, until
        Only windows that overlap this span.
    segment
        Tag and value of one; None: the whole model and all segments.
    """
    query = select(verdicts.c.start, verdicts.c.end, verdicts.c.tag, verdicts.c.value)
    query = query.where(verdicts.c.model == model, verdicts.c.answer == answer)
    if since is not None:
        query = query.where(verdicts.c.end > since)
    if until is not None:
        query = query.where(verdicts.c.start < until)
    if segment is not None:
        query = query.where(verdicts.c.tag == segment[0], verdicts.c.value == segment[1])
    rows = connection.execute(query.order_by(verdicts.c.start, verdicts.c.tag, verdicts.c.value))
    return _joined(VerdictSpan(*row) for row in rows)


def _joined(windows: Iterable[VerdictSpan]) -> list[VerdictSpan]:
    """Make one span of windows of a segment that touch or overlap; they come by start."""
    by_segment: defaultdict[tuple[str, str], list[VerdictSpan]] = defaultdict(list)
    for one in windows:
        spans = by_segment[one.tag, one.value]
        if spans and spans[-1].end >= one.start:
            last = spans[-1]
            spans[-1] = VerdictSpan(last.start, max(last.end, one.end), one.tag, one.value)
        else:
            spans.append(one)
    every = (one for spans in by_segment.values() for one in spans)
    return sorted(every, key=lambda one: (one.start, one.tag, one.value))
