"""Named locks: what only one process at a time may do, given back when the process ends, however it ends.

On PostgreSQL a lock is an advisory lock of a session of its own, on SQLite an exclusive transaction on a
small file beside the database.
"""

from __future__ import annotations

import hashlib
import sqlite3

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

__all__ = ["NamedLock"]


class NamedLock:
    """The lock of one name in one database; not to be shared between threads.

    Parameters
    ----------
    engine
        Of `driftwheel.store.engine.database.open_database`.
    name
        Letters, digits and dashes.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name
        self._session: Connection | None = None
        self._file: sqlite3.Connection | None = None

    def take(self) -> bool:
        """Take the lock if nobody has it, and return whether it is ours now."""
        if self.held():
            return True
        self.give_back()
        if self._engine.dialect.name == "postgresql":
            session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            query = text("SELECT pg_try_advisory_lock(:key)")
            try:
                taken = session.execute(query, {"key": self._key()}).scalar()
            except DBAPIError:
                session.close()
                raise
            if not taken:
                session.close()
                return False
            self._session = session
            return True
        file = sqlite3.connect(
            f"{self._engine.url.database}.{self._name}.lock",
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            file.execute("BEGIN EXCLUSIVE").close()
        except sqlite3.OperationalError:
            file.close()
            return False
        self._file = file
        return True

    def held(self) -> bool:
        """Return whether the lock is ours; a lost connection to PostgreSQL loses it."""
        if self._session is None:
            return self._file is not None
        try:
            self._session.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    def give_back(self) -> None:
        """Give the lock back, if it is ours."""
        if self._session is not None:
            self._session.invalidate()  # the session ends, and its lock with it
            self._session.close()
            self._session = None
        if self._file is not None:
            self._file.close()
            self._file = None

    def _key(self) -> int:
        digest = hashlib.sha256(f"driftwheel:{self._name}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)
