"""The answers of verdicts without what they rest on, for strips of windows and lists of segments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, Select, func, select

from driftwheel.store.schema.alert_tables import verdicts
from driftwheel.store.schema.tables import windows
from driftwheel.store.windows.verdicts import Answer

__all__ = ["WindowAnswer", "last_answers", "newest_answer", "segment_answers", "segments_seen"]


@dataclass(frozen=True, slots=True)
class WindowAnswer:
    """What a verdict says; the columns are described in `driftwheel.store.schema.alert_tables`."""

    model: int
    start: datetime
    end: datetime
    tag: str
    value: str
    answer: Answer
    kind: str | None
    p_value: float | None
    alpha: float | None
    n: int
    headline: str


_COLUMNS = ("model", "start", "end", "tag", "value", "answer", "kind", "p_value", "alpha", "n", "headline")


def last_answers(
    connection: Connection, model: int, *, since: datetime, tag: str = "", value: str = ""
) -> list[WindowAnswer]:
    """Return the answers for a segment's windows that start at `since` or later, the oldest first."""
    query = _some().where(
        verdicts.c.model == model,
        verdicts.c.start >= since,
        verdicts.c.tag == tag,
        verdicts.c.value == value,
    )
    return [_answer(row) for row in connection.execute(query.order_by(verdicts.c.start))]


def newest_answer(
    connection: Connection, model: int | None = None, *, answers: Collection[Answer]
) -> WindowAnswer | None:
    """Return the verdict that was kept last of those with one of these answers, of a model or of any."""
    query = _some().where(verdicts.c.answer.in_(sorted(answers)), verdicts.c.tag == "")
    if model is not None:
        query = query.where(verdicts.c.model == model)
    row = connection.execute(query.order_by(verdicts.c.key.desc()).limit(1)).first()
    return None if row is None else _answer(row)


def segment_answers(connection: Connection, model: int, start: datetime, *, limit: int) -> list[WindowAnswer]:
    """Return the answers for the segments of one window, by tag: drift first, then those with most images."""
    query = _some().where(verdicts.c.model == model, verdicts.c.start == start, verdicts.c.tag != "")
    ordered = query.order_by(
        verdicts.c.tag, (verdicts.c.answer != "drift"), verdicts.c.n.desc(), verdicts.c.value
    )
    return [_answer(row) for row in connection.execute(ordered.limit(limit))]


def segments_seen(
    connection: Connection, model: int, *, since: datetime, limit: int
) -> list[tuple[str, str, int]]:
    """Return (tag, value, records) of the segments with windows since then, by tag, the largest first."""
    records = func.sum(windows.c.records)
    query = (
        select(windows.c.tag, windows.c.value, records)
        .where(windows.c.model == model, windows.c.start >= since, windows.c.tag != "")
        .group_by(windows.c.tag, windows.c.value)
        .order_by(windows.c.tag, records.desc(), windows.c.value)
        .limit(limit)
    )
    return [(tag, value, int(n or 0)) for tag, value, n in connection.execute(query)]


def _some() -> Select[tuple[object, ...]]:
    return select(*(verdicts.c[name] for name in _COLUMNS))


def _answer(row: Row[tuple[object, ...]]) -> WindowAnswer:
    return WindowAnswer(**row._mapping)
