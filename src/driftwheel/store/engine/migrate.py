"""Bring a database to the tables of this release."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from driftwheel.errors import UsageError
from driftwheel.store.engine.database import reading, writing

__all__ = ["is_current", "migrate"]

_LOCK = 0x6472_6966  # any number that no other program takes as PostgreSQL's advisory lock


def migrate(engine: Engine) -> None:
    """Create or change the tables to those of this release, in one transaction; data stay.

    Servers that start at once wait for each other. Nothing happens to a database that is current.

    Raises
    ------
    UsageError
        When the database was written by a newer release.
    """
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _upgrade(connection)


def is_current(engine: Engine) -> bool:
    """Return whether the database has exactly the tables of this release."""
    with reading(engine) as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    return set(found) == set(_scripts().get_heads())


def _upgrade(connection: Connection) -> None:
    scripts = _scripts()
    known = {script.revision for script in scripts.walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise UsageError(
                f"The database is at '{revision}', which this release does not know: a newer one wrote it. "
                "Install that release, or restore a backup made before."
            )

    def steps(revision: Any, context: MigrationContext) -> Sequence[Any]:
        del context
        return scripts._upgrade_revs("head", revision)

    environment = EnvironmentContext(Config(), scripts, fn=steps)
    environment.configure(connection=connection, render_as_batch=connection.dialect.name == "sqlite")
    with environment:
        environment.run_migrations()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parents[1] / "migrations"))
