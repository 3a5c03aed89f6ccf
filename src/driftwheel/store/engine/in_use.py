"""Whether anybody else has the database open."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sqlalchemy import Engine, text

from driftwheel.store.engine.database import APPLICATION_NAME, reading, sqlite_file

__all__ = ["is_in_use"]

_PATIENCE = 1.0  # seconds


def is_in_use(engine: Engine) -> bool:
    """Return whether another process, or another engine of this one, is connected to the database.

    The connections of `engine` itself are closed for it. An SQLite file is left without its WAL when nobody
    uses it; a file that is no database is in nobody's use. On PostgreSQL only Driftwheel's own connections
    count, not those of other programs.
    """
    engine.dispose()
    file = sqlite_file(engine)
    if file is None:
        with reading(engine) as connection:
            others = connection.execute(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND application_name = :name AND pid <> pg_backend_pid()"
                ),
                {"name": APPLICATION_NAME},
            ).scalar_one()
        engine.dispose()
        return bool(others)
    if not file.exists():
        return False
    with closing(sqlite3.connect(file, timeout=_PATIENCE)) as connection:
        try:  # it is refused while others are connected
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        except sqlite3.DatabaseError as error:
            return "locked" in str(error)
    return False
