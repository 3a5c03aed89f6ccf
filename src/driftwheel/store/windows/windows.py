"""Windows: a profile for each span of time of a model and of its segments, and which are out of date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Row, Select, case, func, select, true, update

from driftwheel.profiles.window import as_window
from driftwheel.profiles.window import window_of as start_of
from driftwheel.store.engine.upsert import upsert
from driftwheel.store.engine.whole_spans import newest_spans
from driftwheel.store.schema.columns import EPOCH
from driftwheel.store.schema.tables import windows

__all__ = [
    "StoredWindow",
    "add_empty_windows",
    "count_windows",
    "find_window",
    "is_any_stale",
    "last_windows",
    "list_windows",
    "mark_stale",
    "newest_over",
    "put_window",
    "stale_windows",
    "window_of",
    "window_row",
    "without_profile",
]

_HOUR = timedelta(hours=1)
_LARGE = frozenset({"profile", "archive", "predictions", "predictions_archive"})
_LENGTH = {"hour": _HOUR, "day": timedelta(days=1), "week": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """One window of one segment, and its profile.

    Attributes
    ----------
    model
        The model's key.
    start, end
        start ≤ time < end, UTC.
    tag, value
        The segment; both empty for the whole model.
    profile
        A ``.dwp`` file; None until it is first made, and where a list leaves it out.
    records, rejected
        In the profile; images that could not be read.
    stale
        Records have come, or have been measured, since the profile was made.
    revision
        Counts up with each of them; hand it back to `put_window`.
    made
        When the profile was made.
    received
        When the last of its records, or of its profiles from the edge, came; None where none did.
    judged
        The revision that its verdict is of; None: no verdict yet, -1: one that is out of date.
    left_out
        Of the whole model: values of its tags that are no segments, because there are too many.
    """

    key: int
    model: int
    start: datetime
    end: datetime
    tag: str
    value: str
    profile: bytes | None
    records: int
    rejected: int
    stale: bool
    revision: int
    made: datetime | None
    received: datetime | None
    judged: int | None
    left_out: int = 0


def window_of(time: datetime, window: str) -> tuple[datetime, datetime]:
    """Return start and end, in UTC, of the hour, day or week (from Monday) that a moment falls in.

    Examples
    --------
    >>> from datetime import UTC
    >>> start, end = window_of(datetime(2026, 3, 4, 5, 6, tzinfo=UTC), "week")
    >>> start.isoformat(), end.isoformat()
    ('2026-03-02T00:00:00+00:00', '2026-03-09T00:00:00+00:00')
    """
    start = start_of(time, as_window(window))
    return start, start + _LENGTH[window]


def mark_stale(  # noqa: PLR0917  four of them always go together
    connection: Connection,
    model: int,
    window: str,
    times: Iterable[datetime],
    tags: Iterable[Mapping[str, str]],
    segment_tags: Sequence[str],
    *,
    received: datetime | None = None,
) -> None:
    """Note that the windows which hold records of these times and tags are out of date.

    Call it in the transaction that changes the records, after the change. `times` and `tags` go together, one
    of each a record. A window that is not there yet is made, without a profile. For several models, call it
    in the order of their keys, so that two transactions do not wait for each other in a circle. `received` is
    the time now, where the records are new.
    """
    segments: defaultdict[datetime, set[tuple[str, str]]] = defaultdict(lambda: {("", "")})  # of each hour
    for time, its in zip(times, tags, strict=True):
        segments[EPOCH + (time - EPOCH) // _HOUR * _HOUR].update(
            (tag, its[tag]) for tag in segment_tags if tag in its
        )
    touched = {
        (*window_of(hour, window), tag, value) for hour, pairs in segments.items() for tag, value in pairs
    }
    if not touched:
        return
    rows = [_new(model, *one) | {"received": received} for one in sorted(touched)]
    connection.execute(_marking(connection.dialect.name), rows)


def stale_windows(connection: Connection, *, limit: int, after_key: int = 0) -> list[StoredWindow]:
    """Return up to `limit` windows of all models whose profile is out of date, by key, without profiles."""
    query = without_profile().where(windows.c.stale == true(), windows.c.key > after_key)
    return [window_row(row) for row in connection.execute(query.order_by(windows.c.key).limit(limit))]


def is_any_stale(connection: Connection, since: datetime, until: datetime) -> bool:
    """Return whether a window of any model that ended after `since`, at `until` at the latest, is stale."""
    query = select(windows.c.key).where(
        windows.c.stale == true(), windows.c.end > since, windows.c.end <= until
    )
    return connection.execute(query.limit(1)).first() is not None


def put_window(
    connection: Connection,
    key: int,
    *,
    revision: int,
    profile: bytes,
    records: int,
    rejected: int,
    made: datetime,
) -> bool:
    """Keep a window's new profile and return whether it is up to date.

    `revision` is that of the window as it was **before** its records were read: where records have come
    since, the window stays stale and is made again. A window that is no longer there is passed over (True).
    """
    changed = connection.execute(
        update(windows)
        .where(windows.c.key == key)
        .values(
            profile=profile,
            records=records,
            rejected=rejected,
            made=made,
            stale=case((windows.c.revision == revision, False), else_=True),
        )
        .returning(windows.c.stale)
    ).first()
    return changed is None or not changed.stale


def find_window(
    connection: Connection, model: int, start: datetime, *, tag: str = "", value: str = ""
) -> StoredWindow | None:
    """Return one window with its profile, None where there is none."""
    row = connection.execute(
        select(windows).where(
            windows.c.model == model,
            windows.c.start == start,
            windows.c.tag == tag,
            windows.c.value == value,
        )
    ).first()
    return None if row is None else window_row(row)


def list_windows(
    connection: Connection,
    model: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    tag: str | None = None,
    value: str | None = None,
    profiles: bool = False,
    newest: int | None = None,
) -> list[StoredWindow]:
    """Return a model's windows that overlap since…until, by start, tag and value.

    Of one segment where `tag` (and `value`) is given, "" for the whole model; with their profiles only when
    asked; only the last so many of them where `newest` is given, see `driftwheel.store.engine.whole_spans`.
    """
    query: Select[*tuple[Any, ...]] = without_profile()
    if profiles:
        query = select(windows)
    query = query.where(windows.c.model == model)
    if since is not None:
        query = query.where(windows.c.end > since)
    if until is not None:
        query = query.where(windows.c.start < until)
    if tag is not None:
        query = query.where(windows.c.tag == tag)
    if value is not None:
        query = query.where(windows.c.value == value)
    return [window_row(row) for row in newest_spans(connection, query, windows, newest)]


def count_windows(connection: Connection, model: int, start: datetime, end: datetime, *, least: int) -> int:
    """Return how many windows of just this span, whole and of segments, hold at least so many records."""
    query = select(func.count()).where(
        windows.c.model == model,
        windows.c.start == start,
        windows.c.end == end,
        windows.c.records >= least,
    )
    return connection.execute(query).scalar_one()


def newest_over(connection: Connection, model: int, now: datetime) -> datetime | None:
    """Return the end of a model's newest window that is over, None where there is none."""
    query = select(windows.c.end).where(windows.c.model == model, windows.c.end <= now)
    newest: datetime | None = connection.execute(
        query.order_by(windows.c.start.desc()).limit(1)
    ).scalar_one_or_none()
    return newest


def last_windows(connection: Connection, model: int, count: int) -> list[StoredWindow]:
    """Return the windows of a model that records came in, of the newest `count` spans of time, as listed."""
    came = (windows.c.model == model, windows.c.received.is_not(None))
    starts = select(windows.c.start).where(*came).distinct().order_by(windows.c.start.desc()).limit(count)
    query = without_profile().where(*came, windows.c.start.in_(starts))
    ordered = query.order_by(windows.c.start, windows.c.tag, windows.c.value)
    return [window_row(row) for row in connection.execute(ordered)]


def add_empty_windows(
    connection: Connection, model: int, rows: Iterable[tuple[datetime, datetime, str, str]]
) -> int:
    """Add windows that no record came in (start, end, tag, value), stale; return how many were not there."""
    values = [_new(model, *one) for one in sorted(set(rows))]
    if not values:
        return 0
    statement = upsert(connection.dialect.name, windows).on_conflict_do_nothing(
        index_elements=["model", "start", "tag", "value"]
    )
    return len(connection.execute(statement.returning(windows.c.key), values).all())


@cache
def _marking(dialect: str) -> Insert:
    statement = upsert(dialect, windows)
    return statement.on_conflict_do_update(
        index_elements=["model", "start", "tag", "value"],
        set_={
            "stale": True,
            "revision": windows.c.revision + 1,
            "received": func.coalesce(statement.excluded.received, windows.c.received),
        },
    )


def _new(model: int, start: datetime, end: datetime, tag: str, value: str) -> dict[str, Any]:
    return {
        "model": model,
        "start": start,
        "end": end,
        "tag": tag,
        "value": value,
        "records": 0,
        "rejected": 0,
        "stale": True,
        "revision": 1,
    }


def without_profile() -> Select[*tuple[Any, ...]]:
    """Return the question for windows without what is large of them."""
    return select(*(column for column in windows.c if column.name not in _LARGE))


def window_row(row: Row[Any]) -> StoredWindow:
    """Return the value of one row, whole or as `without_profile` asks for it."""
    plain: dict[str, Any] = {"profile": None}
    plain.update(row._mapping)
    for elsewhere in _LARGE - {"profile"}:  # see driftwheel.store.windows.archives
        plain.pop(elsewhere, None)
    return StoredWindow(**plain)
