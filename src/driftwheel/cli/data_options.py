"""Options by which every command of the service finds the installation's data, and the way in to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from driftwheel.settings import Settings

__all__ = ["BLOBS", "DATA", "DATABASE_URL", "load_settings", "open_installation"]

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

    from sqlalchemy.exc import OperationalError

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
        if create:
            migrate(engine)
        elif not is_current(engine):
            raise UsageError(
                "The tables of the database are of another release of Driftwheel, or not made yet. Make a "
                "backup with the release that wrote them, then start this one once: driftwheel serve"
            )
        yield engine
    except OperationalError as error:
        raise UsageError(f"The database cannot be reached: {str(error.orig).strip()}.") from None
    finally:
        engine.dispose()
