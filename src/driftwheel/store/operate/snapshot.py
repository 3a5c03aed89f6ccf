"""The whole database, as it is at one moment, in an SQLite file of its own; and from such a file back.

A snapshot is the same of SQLite and of PostgreSQL, so what one of them kept can be put into the other. Every
SQLite reads the file, now and later.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import JSON, Connection, Engine, Table

from driftwheel.errors import DriftwheelError
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.schema.all_tables import METADATA
from driftwheel.store.schema.dataset_tables import dataset_blobs, dataset_images
from driftwheel.store.schema.import_tables import label_imports
from driftwheel.store.schema.label_tables import tasks
from driftwheel.store.schema.tables import autoencoders, model_versions, records, references
from driftwheel.store.schema.train_tables import training_runs

if TYPE_CHECKING:
    import psycopg

__all__ = [
    "count_rows",
    "digests_named",
    "has_rows",
    "load_snapshot",
    "revision_of",
    "take_snapshot",
]

_CHUNK = 1000
_DIGESTS = (
    (records, "image"),
    (tasks, "image"),
    (model_versions, "artifact"),
    (references, "artifact"),
    (references, "faults"),
    (autoencoders, "artifact"),
    (label_imports, "file"),
    (dataset_images, "image"),
    (dataset_blobs, "blob"),
    (training_runs, "artifact"),
    (training_runs, "checkpoint"),
)
"""The columns that name blobs."""


def take_snapshot(engine: Engine, file: Path) -> None:
    """Write all tables, as they are at one moment, to a new SQLite file; nobody who writes has to wait.

    SQLite is copied page by page through its online backup; the rows of PostgreSQL are read in one
    transaction that sees one moment, into tables of the same release.

    Raises
    ------
    DriftwheelError
        When the database is damaged: a copy of it would be, too.
    """
    if engine.dialect.name == "sqlite":
        _copy_pages(engine, file)
    else:
        _copy_rows(engine, file)
    with _opened(file) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with no other beside it
        found = str(copy.execute("PRAGMA quick_check(1)").fetchone()[0]).splitlines()[-1]
    if found != "ok":
        raise DriftwheelError(
            f"The database is damaged: {found}. Restore the last good backup; to save what can be read, see "
            "`.recover` of the program sqlite3."
        )


def load_snapshot(file: Path, engine: Engine) -> None:
    """Put a snapshot in the place of all rows of a PostgreSQL database: all of it at once, or nothing.

    The tables on both sides must be of the same release: migrate both first. What DBOS knows of work on the
    old rows is dropped with them.
    """
    with writing(engine) as connection, _opened(file) as source:
        cursor = _psycopg(connection).cursor()
        with cursor:
            names = ", ".join(f'"{table.name}"' for table in METADATA.sorted_tables)
            cursor.execute(f"TRUNCATE {names}".encode())
            cursor.execute("DROP SCHEMA IF EXISTS dbos CASCADE")
            for table in METADATA.sorted_tables:
                columns = ", ".join(f'"{column.name}"' for column in table.columns)
                with cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN'.encode()) as copy:
                    for row in source.execute(_select(table, columns)):
                        copy.write_row(row)
                if "key" in table.columns:
                    cursor.execute(
                        "SELECT setval(pg_get_serial_sequence(%s, 'key'), %s)",
                        (f'"{table.name}"', _last_key(source, table)),
                    )


def digests_named(file: Path) -> Iterator[bytes]:
    """Yield the digest of each blob that the rows of a snapshot name, each once, in order.

    The snapshot may be of an earlier release, whose rows named fewer.
    """
    with _opened(file) as snapshot:
        parts = [
            f'SELECT "{column}" AS digest FROM "{table.name}"'  # noqa: S608
            for table, column in _DIGESTS
            if column in {row[1] for row in snapshot.execute(f'PRAGMA table_info("{table.name}")')}
        ]
        for (digest,) in snapshot.execute(
            f"SELECT digest FROM ({' UNION '.join(parts)}) WHERE digest IS NOT NULL ORDER BY digest"  # noqa: S608
        ):
            yield bytes(digest)


def count_rows(file: Path) -> dict[str, int]:
    """Return how many rows each table of a snapshot holds."""
    with _opened(file) as snapshot:
        return {
            table.name: int(snapshot.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0])  # noqa: S608
            for table in METADATA.sorted_tables
        }


def revision_of(file: Path) -> str:
    """Return the revision of the tables of a snapshot, as Alembic names it; empty when it has none."""
    with _opened(file) as snapshot:
        try:
            row = snapshot.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return ""
    return "" if row is None else str(row[0])


def has_rows(engine: Engine) -> bool:
    """Return whether any of our tables is there and holds anything."""
    with reading(engine) as connection:
        present = engine.dialect.get_table_names(connection)
        return any(
            connection.execute(table.select().limit(1)).first() is not None
            for table in METADATA.sorted_tables
            if table.name in present
        )


def _copy_pages(engine: Engine, file: Path) -> None:
    source = engine.raw_connection()
    try:
        with _opened(file) as copy:
            cast("sqlite3.Connection", source.driver_connection).backup(copy)
    finally:
        source.close()


def _copy_rows(engine: Engine, file: Path) -> None:
    made = open_database(f"sqlite:///{file.as_posix()}")
    try:
        migrate(made)
    finally:
        made.dispose()
    with reading(engine) as connection, _opened(file) as copy:
        copy.execute("PRAGMA synchronous = OFF")  # it is synced where it is kept in the end
        copy.execute("BEGIN")
        for table in METADATA.sorted_tables:
            copy.execute(f'DELETE FROM "{table.name}"')  # noqa: S608 - the name is of our own table
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            marks = ", ".join("?" for _ in table.columns)
            put = f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})'  # noqa: S608
            for rows in _chunks(connection, table):
                copy.executemany(put, rows)
        copy.execute("COMMIT")


def _chunks(connection: Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a table of PostgreSQL, with JSON as the text that is stored."""
    columns = ", ".join(
        f'"{column.name}"' + ("::text" if isinstance(column.type, JSON) else "") for column in table.columns
    )
    with _psycopg(connection).cursor(name="snapshot") as cursor:
        cursor.itersize = _CHUNK
        cursor.execute(_select(table, columns).encode())
        while rows := cursor.fetchmany(_CHUNK):
            yield rows


def _select(table: Table, columns: str) -> str:
    order = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    return f'SELECT {columns} FROM "{table.name}" ORDER BY {order}'  # noqa: S608


def _last_key(source: sqlite3.Connection, table: Table) -> int:
    """Return the last key that was given, at least 1; a table that never gives one twice remembers it."""
    (last,) = source.execute(f'SELECT max("key") FROM "{table.name}"').fetchone()  # noqa: S608
    given = source.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = ?", (table.name,)).fetchone()
    return max(last or 1, given[0] or 1)


def _psycopg(connection: Connection) -> psycopg.Connection[tuple[Any, ...]]:
    return cast("psycopg.Connection[tuple[Any, ...]]", connection.connection.driver_connection)


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        yield connection
