"""Options by which every command of the service finds the installation's data, and the way in to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from driftwheel.settings import Settings

__all__ = [
    "BLOBS",
    "DATA",
    "DATABASE_URL",
    "acting_user",
    "load_settings",
    "open_installation",
    "told_as_usage_errors",
]

DATA = typer.Option(
    "--data",
    metavar="FOLDER",
    help="Folder of the installation's data; else $DRIFTWHEEL_DATA, else ./driftwheel-data.",
)
DATABASE_URL = typer.Option(
    "--database-url",
    metavar="URL",
    help="Its database; else $DRIFTWHEEL_DATABASE_URL, else an SQLite file in the data folder.",
)
BLOBS = typer.Option(
    "--blobs",
    metavar="URL",
    help="Where its images and model files are; else $DRIFTWHEEL_BLOBS, else a folder in the data folder.",
)


def load_settings(**overrides: Any) -> Settings:
    """Return the settings of the environment with those given, and not None, put over them.

    Raises
    ------
    MissingExtraError
        When the extra ``server`` is not installed.
    UsageError
        When a value cannot be used.
    """
    from driftwheel.errors import MissingExtraError

    try:
        import alembic  # noqa: F401 - the last of the extra that every command of the service needs
        import sqlalchemy  # noqa: F401

        from driftwheel.settings import Settings
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("driftwheel"):
            raise
        raise MissingExtraError("The service", "server") from error
    settings = Settings.load(**overrides)
    if settings.database_url.startswith("postgresql"):
        try:
            import psycopg  # noqa: F401
        except ImportError as error:
            raise MissingExtraError("A PostgreSQL database", "postgres") from error
    return settings


@contextmanager
def open_installation(settings: Settings) -> Iterator[Engine]:
    """Open the installation's database for a command, and close it after; nothing is made that is not there.

    Raises
    ------
    UsageError
        When there is no installation there, or its tables are of another release.
    """
    import shlex

    from driftwheel.errors import UsageError, did_you_mean
    from driftwheel.store.engine.database import open_database, sqlite_file
    from driftwheel.store.engine.migrate import is_current

    file = sqlite_file(settings.database_url)
    if file is not None and not file.exists():
        beside = [one.parent.name for one in settings.data.parent.glob(f"*/{file.name}")]
        raise UsageError(
            f"There is no installation in '{settings.data}': no file '{file}'."
            f"{did_you_mean(settings.data.name, beside)} Name its folder with --data, or start one there: "
            f"driftwheel serve --data {shlex.quote(str(settings.data))}"
        )
    engine = open_database(settings.database_url)
    try:
        with told_as_usage_errors():
            if not is_current(engine):
                raise UsageError(
                    "The tables of the database are of another release of Driftwheel, or not made yet. "
                    "Make a backup with the release that wrote them, then start this one: driftwheel serve"
                )
            yield engine
    finally:
        engine.dispose()


@contextmanager
def told_as_usage_errors() -> Iterator[None]:
    """Tell of a database that cannot be reached or read as of a mistake in its address."""
    from sqlalchemy.exc import DBAPIError, OperationalError

    from driftwheel.errors import UsageError
    from driftwheel.store.engine.database import error_text

    try:
        yield
    except DBAPIError as error:
        if not isinstance(error, OperationalError) and "file is not a database" not in str(error.orig):
            raise
        raise UsageError(
            f"The database cannot be opened: {error_text(error)}. Check --database-url and --data."
        ) from None


def acting_user() -> str:
    """Return who gives the command, as the audit says it."""
    import getpass

    try:
        return f"{getpass.getuser()} (cli)"
    except (KeyError, OSError):  # a container's user without a name
        return "cli"
