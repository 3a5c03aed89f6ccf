"""Episodes as they are kept: the firings of monitors, with what their messages say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from driftwheel.alerts.episode import Episode, State
from driftwheel.monitors.monitor import Severity
from driftwheel.store.schema.alert_tables import episodes

__all__ = [
    "add_episode",
    "count_open",
    "document_of",
    "documents_of",
    "ended_of",
    "episode_by_key",
    "episodes_by_key",
    "list_episodes",
    "open_episode",
    "open_episodes",
    "save_episode",
]

_COLUMNS = tuple(one.name for one in fields(Episode))
_CHUNK = 500


def add_episode(connection: Connection, episode: Episode, document: Mapping[str, Any]) -> Episode:
    """Keep a new episode, whatever its key, and return it with the key it got.

    Of one instance only one may be open: a second raises SQLAlchemy's ``IntegrityError``.
    """
    values = _values(episode) | {"document": dict(document)}
    key = connection.execute(insert(episodes).values(values).returning(episodes.c.key)).scalar_one()
    return replace(episode, key=key)


def save_episode(connection: Connection, episode: Episode, document: Mapping[str, Any] | None = None) -> None:
    """Keep an episode as it is now; with what its message says only where `document` is given."""
    values = _values(episode)
    if document is not None:
        values["document"] = dict(document)
    connection.execute(update(episodes).where(episodes.c.key == episode.key).values(values))


def open_episode(connection: Connection, instance: bytes) -> Episode | None:
    """Return the open episode of an instance, None where none is."""
    query = _some().where(episodes.c.instance == instance, episodes.c.ended.is_(None))
    row = connection.execute(query).first()
    return None if row is None else _episode(row)


def open_episodes(
    connection: Connection, model: int | None = None, *, monitor: int | None = None
) -> list[Episode]:
    """Return the open episodes of a model, or of all, or of one monitor, the oldest first."""
    query = _some().where(episodes.c.ended.is_(None))
    if model is not None:
        query = query.where(episodes.c.model == model)
    if monitor is not None:
        query = query.where(episodes.c.monitor == monitor)
    return [_episode(row) for row in connection.execute(query.order_by(episodes.c.key))]


def ended_of(connection: Connection, instance: bytes, *, limit: int) -> list[Episode]:
    """Return the last ended episodes of an instance, the newest first."""
    query = _some().where(episodes.c.instance == instance, episodes.c.ended.is_not(None))
    return [_episode(row) for row in connection.execute(query.order_by(episodes.c.key.desc()).limit(limit))]


def episode_by_key(connection: Connection, key: int) -> Episode | None:
    """Return the episode of that key, None where there is none."""
    row = connection.execute(_some().where(episodes.c.key == key)).first()
    return None if row is None else _episode(row)


def episodes_by_key(connection: Connection, keys: Collection[int]) -> list[Episode]:
    """Return those of these episodes that are there, the oldest first."""
    return [_episode(row) for part in _parts(keys) for row in connection.execute(_some().where(part))]


def list_episodes(
    connection: Connection,
    model: int | None = None,
    *,
    states: Collection[State] | None = None,
    severities: Collection[Severity] | None = None,
    fired: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
    before_key: int | None = None,
    limit: int = 100,
) -> list[Episode]:
    """Return up to `limit` episodes, the newest first.

    Parameters
    ----------
    model
        Its key; None for all models.
    states, severities
        Only those; None for all.
    fired
        Only those that fired: people may have been told of them.
    since, until
        Only those whose breaches overlap this span of event time.
    before_key
        To go on after the last one of the page before.
    """
    query = _some().order_by(episodes.c.key.desc()).limit(limit)
    if model is not None:
        query = query.where(episodes.c.model == model)
    if states is not None:
        query = query.where(episodes.c.state.in_(sorted(states)))
    if severities is not None:
        query = query.where(episodes.c.severity.in_(sorted(severities)))
    if fired:
        query = query.where(episodes.c.fired.is_not(None))
    if since is not None:
        query = query.where(episodes.c.last_breach > since)
    if until is not None:
        query = query.where(episodes.c.began < until)
    if before_key is not None:
        query = query.where(episodes.c.key < before_key)
    return [_episode(row) for row in connection.execute(query)]


def document_of(connection: Connection, key: int) -> Mapping[str, Any]:
    """Return what the message of an episode says, empty where there is no such episode."""
    return documents_of(connection, [key]).get(key, {})


def documents_of(connection: Connection, keys: Collection[int]) -> dict[int, Mapping[str, Any]]:
    """Return what the messages of these episodes say, by key."""
    asked = select(episodes.c.key, episodes.c.document)
    return {row.key: row.document for part in _parts(keys) for row in connection.execute(asked.where(part))}


def count_open(connection: Connection) -> dict[tuple[str, str], int]:
    """Return how many episodes are open, by severity and state."""
    query = select(episodes.c.severity, episodes.c.state, func.count()).where(episodes.c.ended.is_(None))
    rows = connection.execute(query.group_by(episodes.c.severity, episodes.c.state))
    return {(severity, state): number for severity, state, number in rows}


def _some() -> Select[Any]:
    return select(*(episodes.c[name] for name in _COLUMNS))


def _parts(keys: Collection[int]) -> list[Any]:
    ordered = sorted(set(keys))
    return [episodes.c.key.in_(ordered[begin : begin + _CHUNK]) for begin in range(0, len(ordered), _CHUNK)]


def _values(episode: Episode) -> dict[str, Any]:
    return {name: getattr(episode, name) for name in _COLUMNS if name != "key"}


def _episode(row: Row[Any]) -> Episode:
    return Episode(**row._mapping)
