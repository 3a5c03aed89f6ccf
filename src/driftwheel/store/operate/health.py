"""What a database says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    Column,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    func,
    inspect,
    make_url,
    select,
    text,
)

from driftwheel.store.engine.database import reading, sqlite_file
from driftwheel.store.schema.tables import audit, records

__all__ = ["DatabaseHealth", "count_workflows", "database_health", "latest_time"]


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """A database that could be reached.

    Attributes
    ----------
    version
        Such as ``SQLite 3.45.1`` or ``PostgreSQL 15.8``.
    size
        Its bytes.
    clock
        What time it is there; None for SQLite, which has no clock of its own.
    """

    version: str
    size: int
    clock: datetime | None


def database_health(engine: Engine) -> DatabaseHealth:
    """Ask a database for version, size and time; raise SQLAlchemy's ``DBAPIError`` where none answers."""
    with reading(engine) as connection:
        file = sqlite_file(engine)
        if file is not None:
            version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
            size = sum(path.stat().st_size for path in (file, Path(f"{file}-wal")) if path.exists())
            return DatabaseHealth(f"SQLite {version}", size, None)
        row = connection.execute(
            text(
                "SELECT current_setting('server_version'), pg_database_size(current_database()), "
                "clock_timestamp()"
            )
        ).one()
    return DatabaseHealth(f"PostgreSQL {row[0].split()[0]}", row[1], row[2].astimezone(UTC))


def latest_time(engine: Engine) -> datetime | None:
    """Return when the last record came in or the last line of the audit was written; None without any."""
    with reading(engine) as connection:
        last_record = select(records.c.received).order_by(records.c.key.desc()).limit(1)
        last_line = select(func.max(audit.c.time))
        times = [connection.execute(query).scalar() for query in (last_record, last_line)]
    return max((time for time in times if time is not None), default=None)


def count_workflows(url: str) -> dict[str, int] | None:
    """Return how many workflows DBOS knows in each of its states; None where it has not made its tables.

    Parameters
    ----------
    url
        Of the database that DBOS keeps them in; it is only read.
    """
    where = make_url(url)
    on_sqlite = where.get_backend_name() == "sqlite"
    if on_sqlite:
        engine = create_engine(f"sqlite:///file:{where.database}?mode=ro&uri=true")
    else:
        engine = create_engine(where)
    schema = None if on_sqlite else "dbos"
    try:
        if not inspect(engine).has_table("workflow_status", schema=schema):
            return None
        table = Table("workflow_status", MetaData(), Column("status", String), schema=schema)
        with engine.connect() as connection:
            rows = connection.execute(select(table.c.status, func.count()).group_by(table.c.status)).all()
    finally:
        engine.dispose()
    return {str(status): int(count) for status, count in rows}
