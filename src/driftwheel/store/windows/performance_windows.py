"""What is known of the predictions of each window: sums that figures of any span of time are made from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, or_, select

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.performance_tables import performance_windows

__all__ = [
    "PerformanceWindow",
    "count_labels",
    "labelled_segments",
    "labels_made",
    "list_performance",
    "newest_performance",
    "put_performance",
    "segment_performance",
]


@dataclass(frozen=True, slots=True)
class PerformanceWindow:
    """The sums of a window of one segment; the columns are described in `schema.performance_tables`."""

    model: int
    start: datetime
    end: datetime
    tag: str
    value: str
    predictions: int
    labels: int
    sums: bytes
    made: datetime


_COLUMNS = tuple(one.name for one in fields(PerformanceWindow))


def put_performance(
    connection: Connection, model: int, start: datetime, rows: Sequence[PerformanceWindow]
) -> None:
    """Keep the sums of a span of time, whole and segments, in place of those before."""
    c = performance_windows.c
    stale = [c.model == model, c.start == start]
    kept = [and_(c.tag == row.tag, c.value == row.value) for row in rows]
    if kept:
        stale.append(~or_(*kept))
    connection.execute(delete(performance_windows).where(*stale))
    if not rows:
        return
    statement = upsert(connection.dialect.name, performance_windows)
    changed = {name: statement.excluded[name] for name in ("end", "predictions", "labels", "sums", "made")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["model", "start", "tag", "value"], set_=changed),
        [{name: getattr(row, name) for name in _COLUMNS} for row in rows],
    )


def list_performance(
    connection: Connection,
    model: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    tags: Collection[str] | None = None,
    tag: str = "",
    value: str | None = "",
    newest: int | None = None,
) -> list[PerformanceWindow]:
    """Return the sums of windows that overlap since…until, by start, tag and value.

    Of one segment, by default the whole model; of all segments by a tag where `value` is None, or by any of
    `tags`. `newest`: only the last so many rows.
    """
    c = performance_windows.c
    query = select(*(c[name] for name in _COLUMNS)).where(c.model == model)
    if since is not None:
        query = query.where(c.end > since)
    if until is not None:
        query = query.where(c.start < until)
    if tags is not None:
        query = query.where(c.tag.in_(sorted(tags)))
    else:
        query = query.where(c.tag == tag)
        if value is not None:
            query = query.where(c.value == value)
    if newest is not None:
        rows = connection.execute(query.order_by(c.start.desc(), c.tag, c.value).limit(newest)).all()
        return sorted(
            (PerformanceWindow(**row._mapping) for row in rows),
            key=lambda one: (one.start, one.tag, one.value),
        )
    return [
        PerformanceWindow(**row._mapping)
        for row in connection.execute(query.order_by(c.start, c.tag, c.value))
    ]


def labelled_segments(
    connection: Connection, model: int, since: datetime, until: datetime, *, limit: int
) -> list[tuple[str, str, int]]:
    """Return (tag, value, labels) of the segments that have a label in these windows, those with most first.

    Windows that overlap since…until count.
    """
    c = performance_windows.c
    labels = func.sum(c.labels)
    query = (
        select(c.tag, c.value, labels)
        .where(c.model == model, c.tag != "", c.end > since, c.start < until, c.labels > 0)
        .group_by(c.tag, c.value)
        .order_by(labels.desc(), c.tag, c.value)
        .limit(limit)
    )
    return [(tag, value, int(n)) for tag, value, n in connection.execute(query)]


def segment_performance(
    connection: Connection,
    model: int,
    segments: Sequence[tuple[str, str]],
    since: datetime,
    until: datetime,
) -> list[PerformanceWindow]:
    """Return the sums of the windows of some segments that have a label, by tag, value and start."""
    if not segments:
        return []
    c = performance_windows.c
    query = select(*(c[name] for name in _COLUMNS)).where(
        c.model == model,
        c.end > since,
        c.start < until,
        c.labels > 0,
        or_(*(and_(c.tag == tag, c.value == value) for tag, value in segments)),
    )
    rows = connection.execute(query.order_by(c.tag, c.value, c.start))
    return [PerformanceWindow(**row._mapping) for row in rows]


def newest_performance(connection: Connection, model: int) -> datetime | None:
    """Return the end of the newest window of a model with a prediction, None where there is none."""
    c = performance_windows.c
    query = select(func.max(c.end)).where(c.model == model, c.tag == "", c.predictions > 0)
    newest: datetime | None = connection.execute(query).scalar_one()
    return newest


def count_labels(connection: Connection, model: int) -> int:
    """Return how many labels a model's windows have in all."""
    c = performance_windows.c
    query = select(func.sum(c.labels)).where(c.model == model, c.tag == "")
    return int(connection.execute(query).scalar_one() or 0)


def labels_made(connection: Connection, model: int) -> tuple[int, datetime | None]:
    """Return how many labels a model's windows have in all, and when one was summed up last.

    As long as neither changes, what is made from the sums stays as it is.
    """
    c = performance_windows.c
    query = select(func.sum(c.labels), func.max(c.made)).where(c.model == model, c.tag == "")
    labels, made = connection.execute(query).one()
    return int(labels or 0), made
