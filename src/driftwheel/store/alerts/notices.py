"""Notices: what people are told that is no alert, made once of each subject, and no more wanted some day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select, update

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.alert_tables import IS_WANTED, channels, notices

__all__ = [
    "StoredNotice",
    "delete_notices",
    "end_notices",
    "known_subjects",
    "newest_notice",
    "notices_after",
    "put_notice",
    "set_noticed",
    "wanted_notices",
]


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice; the columns are described in `driftwheel.store.schema.alert_tables`."""

    key: int
    model: int
    topic: str
    subject: str
    document: Mapping[str, Any]
    wanted: bool
    made: datetime
    ended: datetime | None


def put_notice(
    connection: Connection,
    *,
    model: int,
    topic: str,
    subject: str,
    document: Mapping[str, Any],
    wanted: bool,
    made: datetime,
) -> bool:
    """Keep a notice, and return whether it is new: of a subject there is one for ever."""
    values = {
        "model": model,
        "topic": topic,
        "subject": subject,
        "document": dict(document),
        "wanted": wanted,
        "made": made,
    }
    statement = upsert(connection.dialect.name, notices).values(values)
    kept = statement.on_conflict_do_nothing(index_elements=["subject"]).returning(notices.c.key)
    return connection.execute(kept).first() is not None


def wanted_notices(connection: Connection) -> list[StoredNotice]:
    """Return the notices by which somebody is still wanted, the oldest first."""
    query = select(notices).where(IS_WANTED).order_by(notices.c.key)
    return [StoredNotice(**row._mapping) for row in connection.execute(query)]


def end_notices(connection: Connection, keys: Collection[int], ended: datetime) -> None:
    """Note that nobody is wanted any more by some notices."""
    if keys:
        connection.execute(update(notices).where(notices.c.key.in_(keys)).values(ended=ended))


def known_subjects(connection: Connection, subjects: Collection[str]) -> set[str]:
    """Return those of some subjects of which there is a notice."""
    query = select(notices.c.subject).where(notices.c.subject.in_(subjects))
    return set(connection.execute(query).scalars()) if subjects else set()


def newest_notice(connection: Connection) -> int:
    """Return the key of the newest notice, 0 where there is none."""
    key: int | None = connection.execute(select(func.max(notices.c.key))).scalar_one()
    return key or 0


def notices_after(
    connection: Connection, after_key: int, *, news_since: datetime, limit: int = 100
) -> list[StoredNotice]:
    """Return up to `limit` notices with keys after one, the oldest first, of those that are still to be told.

    By these somebody is still wanted, or they are news made at a moment or later.
    """
    c = notices.c
    still = or_(IS_WANTED, c.wanted.is_(False) & (c.made >= news_since))
    query = select(notices).where(c.key > after_key, still).order_by(c.key).limit(limit)
    return [StoredNotice(**row._mapping) for row in connection.execute(query)]


def set_noticed(connection: Connection, channel: int, key: int) -> None:
    """Note up to which notice a channel was seen to, in the transaction that puts messages in the outbox."""
    connection.execute(update(channels).where(channels.c.key == channel).values(noticed=key))


def delete_notices(connection: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` notices made before a moment by which nobody is wanted; return how many."""
    c = notices.c
    newest = select(func.max(c.key)).scalar_subquery()  # whose key says how far channels are
    old = select(c.key).where(c.made < before, or_(c.wanted.is_(False), c.ended.is_not(None)), c.key < newest)
    keys = connection.execute(old.order_by(c.key).limit(limit)).scalars().all()
    if keys:
        connection.execute(delete(notices).where(c.key.in_(keys)))
    return len(keys)
