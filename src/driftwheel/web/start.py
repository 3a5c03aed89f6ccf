"""Open what a server works with, and close it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.exc import DBAPIError

from driftwheel.errors import UsageError
from driftwheel.services.clock import Clock
from driftwheel.services.crash_points import reach
from driftwheel.services.ingest.ingest_records import Ingest
from driftwheel.services.serve.prediction_desk import PredictionDesk
from driftwheel.services.serve.served_models import ServedModels
from driftwheel.settings import Settings
from driftwheel.store.access.tokens import touch_token
from driftwheel.store.engine.database import open_database, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.records.writer import RecordWriter
from driftwheel.web.security.attempts import Attempts
from driftwheel.web.security.known_tokens import KnownTokens
from driftwheel.web.state import Services

__all__ = ["close_services", "note_token_uses", "open_services", "try_to_open"]


def open_services(settings: Settings, clock: Clock) -> Services:
    """Open the database, its tables made or brought up to date, and the blobs; start the writer of records.

    Raises
    ------
    UsageError
        When the database or the blobs cannot be opened or used, or a newer release wrote them.
    """
    Path(settings.data).mkdir(mode=0o750, parents=True, exist_ok=True)  # closed to other users
    blobs = Blobs.open(settings.blobs, reserve=settings.disk_reserve_bytes, on_step=reach)
    engine = open_database(settings.database_url)
    try:
        migrate(engine)
        writer = RecordWriter(engine, most_waiting=settings.queue_records)
    except DBAPIError as error:
        engine.dispose()
        raise UsageError(f"The database cannot be used: {str(error.orig).strip()}.") from error
    except BaseException:
        engine.dispose()
        raise
    ingest = Ingest(engine, blobs, writer, settings)
    return Services(
        engine,
        blobs,
        writer,
        ingest,
        settings,
        clock,
        Attempts(),
        KnownTokens(),
        ServedModels(engine, blobs),
        PredictionDesk(settings.predictions_at_once),
    )


def try_to_open(settings: Settings, clock: Clock) -> None:
    """Open everything once and close it, so that a mistake is told before a server starts.

    Raises what `open_services` raises.
    """
    close_services(open_services(settings, clock))


def close_services(services: Services) -> None:
    """Write what still waits, and let go of everything."""
    try:
        services.desk.close()
        services.served.close()
        services.writer.close()
        note_token_uses(services)
    finally:
        services.engine.dispose()


def note_token_uses(services: Services) -> None:
    """Write down when each token was last used; call it now and then."""
    uses = services.known_tokens.take_uses()
    if uses:
        with writing(services.engine) as connection:
            for key, time in sorted(uses.items()):
                touch_token(connection, key, time)
