"""Channels: whom to tell of alerts and notices, of which of them, and how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, literal, select, update

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.alert_tables import channels

__all__ = [
    "Channel",
    "channel_by_key",
    "create_channel",
    "delete_channel",
    "find_channel",
    "list_channels",
    "note_failed",
    "note_sent",
    "update_channel",
]


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as it is kept; the columns are described in `driftwheel.store.schema.alert_tables`."""

    key: int
    name: str
    url: str = field(repr=False)  # it holds secrets
    enabled: bool
    models: tuple[str, ...] | None
    severities: tuple[str, ...] | None
    segments: tuple[str, ...] | None
    topics: tuple[str, ...] | None
    quiet_hours: Mapping[str, Any] | None
    group_wait: int
    group_interval: int
    repeat: int
    created: datetime
    by: str
    last_sent: datetime | None
    failing_since: datetime | None
    last_error: str | None
    noticed: int


def create_channel(
    connection: Connection,
    name: str,
    *,
    url: str,
    created: datetime,
    by: str,
    enabled: bool = True,
    models: Sequence[str] | None = None,
    severities: Sequence[str] | None = None,
    segments: Sequence[str] | None = None,
    topics: Sequence[str] | None = None,
    quiet_hours: Mapping[str, Any] | None = None,
    group_wait: int = 30,
    group_interval: int = 300,
    repeat: int = 14_400,
) -> Channel:
    """Add a channel and return it; raise `UsageError` where the name is taken. Times are in seconds."""
    values = {
        "name": name,
        "url": url,
        "enabled": enabled,
        "models": _plain(models),
        "severities": _plain(severities),
        "segments": _plain(segments),
        "topics": _plain(topics),
        "quiet_hours": None if quiet_hours is None else dict(quiet_hours),
        "group_wait": group_wait,
        "group_interval": group_interval,
        "repeat": repeat,
        "created": created,
        "by": by,
    }
    statement = upsert(connection.dialect.name, channels).values(values)
    row = connection.execute(
        statement.on_conflict_do_nothing(index_elements=["name"]).returning(*channels.c)
    ).first()
    if row is None:
        raise UsageError(f"There is already a channel '{name}'; choose another name, or change that one.")
    return _channel(row)


def find_channel(connection: Connection, name: str) -> Channel:
    """Return the channel of that name; raise `UsageError` ("Did you mean …") where there is none."""
    row = connection.execute(select(channels).where(channels.c.name == name)).first()
    if row is None:
        names = connection.execute(select(channels.c.name)).scalars().all()
        raise UsageError(f"There is no channel '{name}'.{did_you_mean(name, names)}")
    return _channel(row)


def channel_by_key(connection: Connection, key: int, *, lock: bool = False) -> Channel | None:
    """Return the channel of that key, None where there is none; locked for the transaction if asked."""
    query = select(channels).where(channels.c.key == key)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return None if row is None else _channel(row)


def list_channels(connection: Connection, *, enabled: bool | None = None) -> list[Channel]:
    """Return all channels by name; only those on, or off, where asked."""
    query = select(channels)
    if enabled is not None:
        query = query.where(channels.c.enabled == enabled)
    return sorted((_channel(row) for row in connection.execute(query)), key=lambda one: one.name)


def update_channel(
    connection: Connection,
    key: int,
    *,
    url: str,
    enabled: bool,
    models: Sequence[str] | None,
    severities: Sequence[str] | None,
    segments: Sequence[str] | None,
    topics: Sequence[str] | None,
    quiet_hours: Mapping[str, Any] | None,
    group_wait: int,
    group_interval: int,
    repeat: int,
) -> None:
    """Set what may change of a channel: all of these, so read it before in the same transaction.

    Raises
    ------
    UsageError
        Where there is no channel of that key.
    """
    changed = connection.execute(
        update(channels)
        .where(channels.c.key == key)
        .values(
            url=url,
            enabled=enabled,
            models=_plain(models),
            severities=_plain(severities),
            segments=_plain(segments),
            topics=_plain(topics),
            quiet_hours=None if quiet_hours is None else dict(quiet_hours),
            group_wait=group_wait,
            group_interval=group_interval,
            repeat=repeat,
        )
    )
    if changed.rowcount == 0:
        raise UsageError(f"There is no channel with the key {key}; it may have been deleted.")


def delete_channel(connection: Connection, key: int) -> bool:
    """Delete a channel with its messages, and return whether it was there."""
    return connection.execute(delete(channels).where(channels.c.key == key)).rowcount > 0


def note_sent(connection: Connection, key: int, sent: datetime) -> None:
    """Note that a message went out by a channel: it works."""
    connection.execute(
        update(channels)
        .where(channels.c.key == key)
        .values(last_sent=sent, failing_since=None, last_error=None)
    )


def note_failed(connection: Connection, key: int, time: datetime, error: str) -> None:
    """Note that a message did not go out by a channel, and why; `failing_since` is the first time of it."""
    connection.execute(
        update(channels)
        .where(channels.c.key == key)
        .values(failing_since=func.coalesce(channels.c.failing_since, _moment(time)), last_error=error)
    )


def _plain(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else list(names)


def _moment(time: datetime) -> Any:
    return literal(time, channels.c.failing_since.type)


def _channel(row: Row[Any]) -> Channel:
    plain = dict(row._mapping)
    for name in ("models", "severities", "segments", "topics"):
        plain[name] = None if plain[name] is None else tuple(plain[name])
    return Channel(**plain)
