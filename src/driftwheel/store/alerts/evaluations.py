"""Evaluations: what each monitor said of each window of each segment, the latest of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from driftwheel.monitors.evaluate import Result
from driftwheel.store.engine.upsert import upsert
from driftwheel.store.engine.whole_spans import newest_spans
from driftwheel.store.schema.alert_tables import evaluations

__all__ = [
    "NewEvaluation",
    "StoredEvaluation",
    "find_evaluation",
    "latest_evaluations",
    "list_evaluations",
    "newest_evaluated",
    "newest_evaluations",
    "newest_of_segments",
    "put_evaluations",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvaluation:
    """An evaluation to be kept; the columns are described in `driftwheel.store.schema.alert_tables`."""

    monitor: int
    revision: int
    start: datetime
    end: datetime
    tag: str
    value: str
    result: Result
    cleared: bool
    findings: Sequence[Mapping[str, Any]]
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvaluation(NewEvaluation):
    """An evaluation as it is kept."""

    key: int


_ANSWERS = ("ok", "breach")
_COLUMNS = tuple(one.name for one in fields(NewEvaluation))


def put_evaluations(connection: Connection, rows: Sequence[NewEvaluation]) -> None:
    """Keep what monitors say of windows, in place of what they said before; no window of one twice."""
    if not rows:
        return
    statement = upsert(connection.dialect.name, evaluations)
    ordered = sorted(rows, key=lambda one: (one.monitor, one.start, one.tag, one.value))
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["monitor", "start", "tag", "value"],
            set_={name: statement.excluded[name] for name in _COLUMNS},
        ),
        [_values(one) for one in ordered],
    )


def find_evaluation(
    connection: Connection, monitor: int, start: datetime, *, tag: str = "", value: str = ""
) -> StoredEvaluation | None:
    """Return what a monitor said of one window, None where it was not evaluated."""
    query = _of(monitor, tag, value).where(evaluations.c.start == start)
    row = connection.execute(query).first()
    return None if row is None else StoredEvaluation(**row._mapping)


def newest_evaluations(
    connection: Connection, monitor: int, *, tag: str = "", value: str = "", limit: int
) -> list[StoredEvaluation]:
    """Return what a monitor said of the last windows of a segment that it had an answer for, newest first.

    An answer is ok or breach.
    """
    query = _of(monitor, tag, value).where(evaluations.c.result.in_(_ANSWERS))
    rows = connection.execute(query.order_by(evaluations.c.start.desc()).limit(limit))
    return [StoredEvaluation(**row._mapping) for row in rows]


def newest_evaluated(
    connection: Connection, monitor: int, *, tag: str = "", value: str = ""
) -> datetime | None:
    """Return the start of the newest window of a segment that a monitor looked at, whatever it said of it."""
    its = _of(monitor, tag, value).with_only_columns(evaluations.c.start)
    newest: datetime | None = connection.execute(
        its.order_by(evaluations.c.start.desc()).limit(1)
    ).scalar_one_or_none()
    return newest


def newest_of_segments(connection: Connection, monitor: int) -> dict[tuple[str, str], StoredEvaluation]:
    """Return, by tag and value, what a monitor said of the last window of each that it had an answer for."""
    c = evaluations.c
    place = func.row_number().over(partition_by=(c.tag, c.value), order_by=c.start.desc())
    answered = select(*c, place.label("place")).where(c.monitor == monitor, c.result.in_(_ANSWERS)).subquery()
    query = select(*(answered.c[one.name] for one in c)).where(answered.c.place == 1)
    return {(row.tag, row.value): StoredEvaluation(**row._mapping) for row in connection.execute(query)}


def latest_evaluations(connection: Connection, monitor: int) -> list[StoredEvaluation]:
    """Return what a monitor said of the newest window that it looked at, by tag and value."""
    its = evaluations.c.monitor == monitor
    newest = select(func.max(evaluations.c.start)).where(its).scalar_subquery()
    query = select(evaluations).where(its, evaluations.c.start == newest)
    rows = connection.execute(query.order_by(evaluations.c.tag, evaluations.c.value))
    return [StoredEvaluation(**row._mapping) for row in rows]


def list_evaluations(
    connection: Connection,
    monitor: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    tag: str | None = None,
    value: str | None = None,
    newest: int | None = None,
) -> list[StoredEvaluation]:
    """Return what a monitor said of the windows that overlap since…until, by start, tag and value.

    Only the last so many where `newest` is given, see `driftwheel.store.engine.whole_spans`.
    """
    query = select(evaluations).where(evaluations.c.monitor == monitor)
    if since is not None:
        query = query.where(evaluations.c.end > since)
    if until is not None:
        query = query.where(evaluations.c.start < until)
    if tag is not None:
        query = query.where(evaluations.c.tag == tag)
    if value is not None:
        query = query.where(evaluations.c.value == value)
    rows = newest_spans(connection, query, evaluations, newest)
    return [StoredEvaluation(**row._mapping) for row in rows]


def _of(monitor: int, tag: str, value: str) -> Select[Any]:
    return select(evaluations).where(
        evaluations.c.monitor == monitor, evaluations.c.tag == tag, evaluations.c.value == value
    )


def _values(evaluation: NewEvaluation) -> dict[str, Any]:
    values = {name: getattr(evaluation, name) for name in _COLUMNS}
    return values | {"findings": [dict(one) for one in evaluation.findings]}
