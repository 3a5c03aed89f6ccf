"""Verdicts: the answer for each window of each segment, and which windows are still to be judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, bindparam, delete, exists, func, select, update

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.engine.whole_spans import newest_spans
from driftwheel.store.schema.alert_tables import verdicts
from driftwheel.store.schema.tables import windows
from driftwheel.store.windows.windows import window_of

__all__ = [
    "Answer",
    "NewVerdict",
    "StoredVerdict",
    "document_before",
    "find_verdict",
    "is_judged_after",
    "keep_verdict",
    "list_verdicts",
    "mark_all_due",
    "mark_due",
    "newest_start",
    "newest_verdicts",
    "put_verdict",
    "verdicts_of_window",
]

Answer = Literal["drift", "no_drift", "insufficient", "no_reference", "error"]
"""``insufficient``: too few images to say; ``no_reference``: nothing to hold them against."""

_OUT_OF_DATE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVerdict:
    """A verdict to be kept; the columns are described in `driftwheel.store.schema.alert_tables`."""

    model: int
    start: datetime
    end: datetime
    tag: str
    value: str
    revision: int
    reference: int | None
    answer: Answer
    kind: str | None
    p_value: float | None
    alpha: float | None
    n: int
    headline: str
    document: Mapping[str, Any] | None
    observations: Mapping[str, Any]
    exemplars: Sequence[str]
    made: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVerdict(NewVerdict):
    """A verdict as it is kept; `document` is None as well where a list leaves it out."""

    key: int


_COLUMNS = tuple(one.name for one in fields(NewVerdict))


def put_verdict(connection: Connection, verdict: NewVerdict) -> StoredVerdict:
    """Keep the verdict of a window in place of the one before, and return it.

    `verdict.revision` is that of the window as it was **before** its records were read: where records have
    come since, the window is judged again.
    """
    values = {name: getattr(verdict, name) for name in _COLUMNS}
    values["exemplars"] = list(verdict.exemplars)
    statement = upsert(connection.dialect.name, verdicts).values(values)
    row = connection.execute(
        statement.on_conflict_do_update(
            index_elements=["model", "start", "tag", "value"],
            set_={name: statement.excluded[name] for name in _COLUMNS},
        ).returning(*verdicts.c)
    ).one()
    connection.execute(
        update(windows)
        .where(
            windows.c.model == verdict.model,
            windows.c.start == verdict.start,
            windows.c.tag == verdict.tag,
            windows.c.value == verdict.value,
        )
        .values(judged=verdict.revision)
    )
    return StoredVerdict(**row._mapping)


def keep_verdict(connection: Connection, verdict: NewVerdict) -> StoredVerdict | None:
    """Keep the verdict of a window as `put_verdict` does; None where the window is no longer there.

    A segment may have been left out of its span of time since its records were read.
    """
    kept = put_verdict(connection, verdict)
    same = (windows.c[name] == getattr(verdict, name) for name in ("model", "start", "tag", "value"))
    if connection.execute(select(windows.c.key).where(*same)).first() is not None:
        return kept
    connection.execute(delete(verdicts).where(verdicts.c.key == kept.key))
    return None


def find_verdict(
    connection: Connection, model: int, start: datetime, *, tag: str = "", value: str = ""
) -> StoredVerdict | None:
    """Return the verdict of one window with its document, None where there is none."""
    row = connection.execute(
        select(verdicts).where(
            verdicts.c.model == model,
            verdicts.c.start == start,
            verdicts.c.tag == tag,
            verdicts.c.value == value,
        )
    ).first()
    return None if row is None else StoredVerdict(**row._mapping)


def document_before(
    connection: Connection, model: int, start: datetime, *, tag: str = "", value: str = ""
) -> Mapping[str, Any] | None:
    """Return the document of the last verdict of a segment before a window, of those that have one."""
    query = select(verdicts.c.document).where(
        verdicts.c.model == model,
        verdicts.c.start < start,
        verdicts.c.tag == tag,
        verdicts.c.value == value,
        verdicts.c.document.is_not(None),
    )
    document: Mapping[str, Any] | None = connection.execute(
        query.order_by(verdicts.c.start.desc()).limit(1)
    ).scalar_one_or_none()
    return document


def is_judged_after(
    connection: Connection, model: int, start: datetime, *, tag: str = "", value: str = ""
) -> bool:
    """Return whether a later window of a segment has a verdict with a document already."""
    query = select(verdicts.c.key).where(
        verdicts.c.model == model,
        verdicts.c.start > start,
        verdicts.c.tag == tag,
        verdicts.c.value == value,
        verdicts.c.document.is_not(None),
    )
    return connection.execute(query.limit(1)).first() is not None


def list_verdicts(
    connection: Connection,
    model: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    tag: str | None = None,
    value: str | None = None,
    tags: Collection[str] | None = None,
    documents: bool = False,
    newest: int | None = None,
) -> list[StoredVerdict]:
    """Return a model's verdicts of windows that overlap since…until, by start, tag and value.

    Of one segment where `tag` (and `value`) is given, "" for the whole model, or of the segments of some
    `tags`; with their documents only when asked; only the last so many of them where `newest` is given, see
    `driftwheel.store.engine.whole_spans`.
    """
    query = _chosen(documents=documents).where(verdicts.c.model == model)
    if since is not None:
        query = query.where(verdicts.c.end > since)
    if until is not None:
        query = query.where(verdicts.c.start < until)
    if tag is not None:
        query = query.where(verdicts.c.tag == tag)
    if value is not None:
        query = query.where(verdicts.c.value == value)
    if tags is not None:
        query = query.where(verdicts.c.tag.in_(sorted(tags)))
    return [_stored(row) for row in newest_spans(connection, query, verdicts, newest)]


def newest_verdicts(connection: Connection, model: int) -> list[StoredVerdict]:
    """Return the verdicts of the newest window that was judged, whole and segments, with documents."""
    start = newest_start(connection, model)
    if start is None:
        return []
    return verdicts_of_window(connection, model, start, documents=True)


def verdicts_of_window(
    connection: Connection, model: int, start: datetime, *, documents: bool = False
) -> list[StoredVerdict]:
    """Return the verdicts of the window that starts then, whole and segments, by tag and value."""
    query = _chosen(documents=documents).where(verdicts.c.model == model, verdicts.c.start == start)
    return [_stored(row) for row in connection.execute(query.order_by(verdicts.c.tag, verdicts.c.value))]


def newest_start(connection: Connection, model: int) -> datetime | None:
    """Return the start of the newest window of a model that was ever judged, None before the first."""
    query = select(func.max(verdicts.c.start)).where(verdicts.c.model == model)
    newest: datetime | None = connection.execute(query).scalar_one()
    return newest


def mark_due(connection: Connection, model: int, window: str, times: Iterable[datetime]) -> None:
    """Note that the windows which hold these times are to be judged again: more is known of their records.

    Those that were not judged yet stay as they are. `window` is the model's.
    """
    starts = sorted({window_of(time, window)[0] for time in times})
    for start in starts:
        _mark(connection, windows.c.model == model, windows.c.start == start)


def mark_all_due(connection: Connection, model: int, *, answer: Answer | None = None) -> None:
    """Note that all windows of a model are to be judged again: what they are held against is another.

    Only those with that answer, where one is given.
    """
    which = [windows.c.model == model]
    if answer is not None:
        same = (verdicts.c[name] == windows.c[name] for name in ("model", "start", "tag", "value"))
        which.append(exists().where(*same, verdicts.c.answer == answer))
    _mark(connection, *which)


def _chosen(*, documents: bool) -> Select[*tuple[Any, ...]]:
    return select(*(c for c in verdicts.c if documents or c.name != "document"))


def _stored(row: Row[Any]) -> StoredVerdict:
    return StoredVerdict(**({"document": None} | dict(row._mapping)))


def _mark(connection: Connection, *which: Any) -> None:
    chosen = select(windows.c.key, windows.c.start, windows.c.tag, windows.c.value)
    rows = connection.execute(chosen.where(*which, windows.c.judged.is_not(None))).all()
    if rows:
        connection.execute(
            update(windows).where(windows.c.key == bindparam("its_key")).values(judged=_OUT_OF_DATE),
            [
                {"its_key": row.key} for row in sorted(rows, key=lambda row: tuple(row)[1:])
            ],  # see record_locks
        )
