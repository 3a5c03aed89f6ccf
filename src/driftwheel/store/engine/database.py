"""Open the database and work on it in transactions: SQLite in WAL mode with full fsync, or PostgreSQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from driftwheel.errors import DatabaseBusyError, StorageFullError, UsageError
from driftwheel.store.engine.fair_lock import FairLock

__all__ = [
    "APPLICATION_NAME",
    "BUSY_SECONDS",
    "error_text",
    "open_database",
    "reading",
    "sqlite_file",
    "writing",
]

BUSY_SECONDS = 30.0
"""How long a writer waits for its turn before `DatabaseBusyError`."""

APPLICATION_NAME = "driftwheel"
"""What PostgreSQL calls our connections."""

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_DISK_FULL = {"53100"}  # PostgreSQL's SQLSTATE
_BUSY = {"55P03", "40P01"}  # lock not available, deadlock
_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_turns: WeakKeyDictionary[Engine, FairLock] = WeakKeyDictionary()


def open_database(url: str) -> Engine:
    """Open the database of a URL; nothing is created in it, see `driftwheel.store.engine.migrate`.

    Parameters
    ----------
    url
        ``sqlite:///relative/path``, ``sqlite:////absolute/path`` (the folder is made) or
        ``postgresql://user@host/name``.

    Returns
    -------
    Engine
        Safe to share between threads. Use it through `writing` and `reading`; call its ``dispose()`` at the
        end.

    Raises
    ------
    UsageError
        For a URL that is none, or of another database or driver.
    """
    where = _parse(url)
    if where.get_backend_name() == "sqlite":
        if where.database is None or where.database == ":memory:":
            raise UsageError(
                f"'{url}' would keep the records in memory only; give a file, as in sqlite:///data.sqlite."
            )
        Path(where.database).parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        engine = create_engine(
            where,
            json_serializer=_to_json,
            hide_parameters=True,  # errors go to the log, and addresses of channels hold secrets
            pool_size=16,
            max_overflow=48,
            pool_timeout=BUSY_SECONDS,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        _turns[engine] = FairLock()
        return engine
    return create_engine(
        where,
        json_serializer=_to_json,
        hide_parameters=True,
        pool_size=8,
        max_overflow=24,
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=True,
        connect_args={"application_name": APPLICATION_NAME},
    )


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction that may write; it commits at the end, or rolls back on an error.

    On SQLite there is one writer at a time; those of one process take turns in the order they came. Do not
    open a second one inside it, and do no slow work in it.

    Raises
    ------
    DatabaseBusyError
        When the turn did not come within `BUSY_SECONDS`.
    StorageFullError
        When the disk, or the database's own bound, is full; nothing of the transaction was kept.
    """
    turn = _turns.get(engine)
    if turn is not None and not turn.acquire(BUSY_SECONDS):
        raise DatabaseBusyError(f"Another writer has kept the database for more than {BUSY_SECONDS:g} s.")
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise _translated(error) from error
    finally:
        if turn is not None:
            turn.release()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that sees the database as it was at one moment, and cannot write.

    An attempt to write raises SQLAlchemy's ``DBAPIError`` on both databases.
    """
    options: dict[str, Any] = {"driftwheel_reads": True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect() as connection:
        yield connection.execution_options(**options)


def sqlite_file(database: str | Engine) -> Path | None:
    """Return the file of an SQLite database, told by its URL or its engine; None for PostgreSQL.

    Examples
    --------
    >>> sqlite_file("sqlite:////srv/data.sqlite").as_posix()
    '/srv/data.sqlite'
    """
    where = _parse(database) if isinstance(database, str) else database.url
    return Path(where.database) if where.get_backend_name() == "sqlite" and where.database else None


def error_text(error: DBAPIError) -> str:
    """Return what the database said, in one line without the mark at its end, to be put into a sentence."""
    return " ".join(str(error.orig).split()).rstrip(".?")


def _parse(url: str) -> URL:
    try:
        where = make_url(url)
        driver = _DRIVERS[where.drivername]
    except (ArgumentError, KeyError):
        raise UsageError(
            f"'{_without_password(url)}' is no database URL; give sqlite:///path or postgresql://user@host/name."
        ) from None
    return where.set(drivername=driver)


def _without_password(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else url


def _prepare_sqlite(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    del entry
    connection.isolation_level = None  # BEGIN is ours, see below
    for pragma in (
        f"busy_timeout = {int(BUSY_SECONDS * 1000)}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get("driftwheel_reads", False)
    if connection.info.get("driftwheel_reads") != reads:
        connection.exec_driver_sql(f"PRAGMA query_only = {int(reads)}")
        connection.info["driftwheel_reads"] = reads
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _translated(error: DBAPIError) -> Exception:
    """Return our own error for a full disk or a locked database, and every other as it is."""
    code = getattr(error.orig, "sqlstate", None)
    text = error_text(error)
    if code in _DISK_FULL or "database or disk is full" in text:
        return StorageFullError(f"The database cannot grow: {text}. Nothing was kept; make space.")
    if code in _BUSY or "database is locked" in text:
        return DatabaseBusyError(f"The database is kept by another writer: {text}.")
    return error
