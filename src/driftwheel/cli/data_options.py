"""Options by which every command of the service finds the installation's data, and the way in to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
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
    "utc_now",
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
def open_installation(settings: Settings, *, create: bool = False) -> Iterator[Engine]:
    """Open the installation's database for a command, and close it after.

    Parameters
    ----------
    settings
        Where it is.
    create
        Make it where there is none yet, as the first start of the server does.

    Raises
    ------
    UsageError
        When there is no installation there, or its tables are of another release.
    """
    from pathlib import Path

    from driftwheel.errors import UsageError
    from driftwheel.store.database import open_database
    from driftwheel.store.migrate import is_current, migrate

    file = settings.database_url.removeprefix("sqlite:///")
    new = file != settings.database_url and not Path(file).exists()
    if new and not create:
        raise UsageError(
            f"There is no installation in '{settings.data}': no file '{file}'. Name its folder with --data, "
            "or start one there: driftwheel serve"
        )
    if new:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = open_database(settings.database_url)
    try:
        with told_as_usage_errors():
            if create:
                migrate(engine)
            elif not is_current(engine):
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

    try:
        yield
    except DBAPIError as error:
        if not isinstance(error, OperationalError) and "file is not a database" not in str(error.orig):
            raise
        said = " ".join(str(error.orig).split()).rstrip(".?")
        raise UsageError(f"The database cannot be opened: {said}. Check --database-url and --data.") from None


def acting_user() -> str:
    """Return who gives the command, as the audit says it."""
    import getpass

    try:
        return f"{getpass.getuser()} (cli)"
    except (KeyError, OSError):  # a container's user without a name
        return "cli"


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
