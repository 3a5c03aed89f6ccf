"""Settings of the installation that are changed while it runs: name → JSON."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, select

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.tables import settings

__all__ = ["all_settings", "delete_setting", "get_setting", "put_setting"]


def get_setting(connection: Connection, name: str) -> Any | None:
    """Return the value of a setting, None where it was never put."""
    return connection.execute(select(settings.c.value).where(settings.c.name == name)).scalar_one_or_none()


def put_setting(connection: Connection, name: str, value: Any) -> None:
    """Keep a value that `json.dumps` can write, instead of any before."""
    statement = upsert(connection.dialect.name, settings).values(name=name, value=value)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value})
    )


def delete_setting(connection: Connection, name: str) -> None:
    """Forget a setting, if it is there."""
    connection.execute(delete(settings).where(settings.c.name == name))


def all_settings(connection: Connection) -> dict[str, Any]:
    """Return all settings, by name."""
    return {row.name: row.value for row in connection.execute(select(settings).order_by(settings.c.name))}
