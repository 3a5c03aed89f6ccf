"""Monitors as they are kept: one name a model, and every definition they ever had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.alert_tables import monitor_revisions, monitors

__all__ = [
    "MonitorRevision",
    "Origin",
    "StoredMonitor",
    "change_definition",
    "create_monitor",
    "delete_monitor",
    "find_monitor",
    "list_monitors",
    "list_revisions",
    "monitor_by_key",
    "set_enabled",
]

Origin = Literal["suggested", "page", "api", "file"]
"""Where a monitor, or its last definition, comes from."""


@dataclass(frozen=True, slots=True)
class StoredMonitor:
    """A monitor as it is kept; the columns are described in `driftwheel.store.schema.alert_tables`."""

    key: int
    model: int
    name: str
    definition: Mapping[str, Any]
    revision: int
    enabled: bool
    origin: Origin
    watch_from: datetime | None
    changed: datetime
    by: str


@dataclass(frozen=True, slots=True)
class MonitorRevision:
    """What a monitor was from `time` on, and who made it so."""

    key: int
    monitor: int
    revision: int
    definition: Mapping[str, Any]
    time: datetime
    by: str


def create_monitor(
    connection: Connection,
    model: int,
    name: str,
    *,
    definition: Mapping[str, Any],
    origin: Origin,
    watch_from: datetime | None,
    changed: datetime,
    by: str,
    enabled: bool = True,
) -> StoredMonitor:
    """Add a monitor and its first revision, and return it; raise `UsageError` where the name is taken."""
    values = {
        "model": model,
        "name": name,
        "definition": dict(definition),
        "revision": 1,
        "enabled": enabled,
        "origin": origin,
        "watch_from": watch_from,
        "changed": changed,
        "by": by,
    }
    statement = (
        upsert(connection.dialect.name, monitors)
        .values(values)
        .on_conflict_do_nothing(index_elements=["model", "name"])
    )
    row = connection.execute(statement.returning(*monitors.c)).first()
    if row is None:
        raise UsageError(f"There is already a monitor '{name}'; choose another name, or change that one.")
    monitor = StoredMonitor(**row._mapping)
    _keep_revision(connection, monitor)
    return monitor


def find_monitor(connection: Connection, model: int, name: str) -> StoredMonitor:
    """Return a model's monitor of that name; raise `UsageError` ("Did you mean …") where there is none."""
    its = monitors.c.model == model
    row = connection.execute(select(monitors).where(its, monitors.c.name == name)).first()
    if row is None:
        names = connection.execute(select(monitors.c.name).where(its)).scalars().all()
        raise UsageError(f"The model has no monitor '{name}'.{did_you_mean(name, names)}")
    return StoredMonitor(**row._mapping)


def monitor_by_key(connection: Connection, key: int) -> StoredMonitor | None:
    """Return the monitor of that key, None where there is none."""
    row = connection.execute(select(monitors).where(monitors.c.key == key)).first()
    return None if row is None else StoredMonitor(**row._mapping)


def list_monitors(
    connection: Connection, model: int | None = None, *, enabled: bool | None = None
) -> list[StoredMonitor]:
    """Return the monitors of a model, or of all, by model and name; only those on, or off, where asked."""
    query = select(monitors)
    if model is not None:
        query = query.where(monitors.c.model == model)
    if enabled is not None:
        query = query.where(monitors.c.enabled == enabled)
    return [StoredMonitor(**row._mapping) for row in _by_name(connection.execute(query).all())]


def change_definition(
    connection: Connection,
    key: int,
    definition: Mapping[str, Any],
    *,
    origin: Origin,
    changed: datetime,
    by: str,
) -> StoredMonitor:
    """Give a monitor another definition, which makes a new revision; return it as it is then.

    Raises
    ------
    UsageError
        Where there is no monitor of that key.
    """
    values = {
        "definition": dict(definition),
        "revision": monitors.c.revision + 1,
        "origin": origin,
        "changed": changed,
        "by": by,
    }
    row = connection.execute(
        update(monitors).where(monitors.c.key == key).values(values).returning(*monitors.c)
    ).first()
    if row is None:
        raise UsageError(f"There is no monitor with the key {key}; it may have been deleted.")
    monitor = StoredMonitor(**row._mapping)
    _keep_revision(connection, monitor)
    return monitor


def set_enabled(
    connection: Connection,
    key: int,
    *,
    enabled: bool,
    watch_from: datetime | None,
    changed: datetime,
    by: str,
) -> None:
    """Switch a monitor on or off; windows that end up to `watch_from` do not page."""
    connection.execute(
        update(monitors)
        .where(monitors.c.key == key)
        .values(enabled=enabled, watch_from=watch_from, changed=changed, by=by)
    )


def delete_monitor(connection: Connection, key: int) -> bool:
    """Delete a monitor with its revisions and evaluations, and return whether it was there.

    Its episodes stay, without a monitor.
    """
    return connection.execute(delete(monitors).where(monitors.c.key == key)).rowcount > 0


def list_revisions(connection: Connection, monitor: int) -> list[MonitorRevision]:
    """Return what a monitor was, the newest first."""
    query = select(monitor_revisions).where(monitor_revisions.c.monitor == monitor)
    rows = connection.execute(query.order_by(monitor_revisions.c.revision.desc()))
    return [MonitorRevision(**row._mapping) for row in rows]


def _keep_revision(connection: Connection, monitor: StoredMonitor) -> None:
    connection.execute(
        insert(monitor_revisions).values(
            monitor=monitor.key,
            revision=monitor.revision,
            definition=dict(monitor.definition),
            time=monitor.changed,
            by=monitor.by,
        )
    )


def _by_name(rows: Any) -> Any:
    """Return rows by model and name, as Python sorts text: databases differ."""
    return sorted(rows, key=lambda row: (row.model, row.name))
