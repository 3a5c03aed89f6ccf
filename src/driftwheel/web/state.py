"""What the routes work with: opened once when the server starts, closed when it stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy import Engine

from driftwheel.services.ingest_records import Ingest
from driftwheel.settings import Settings
from driftwheel.store.blobs import Blobs
from driftwheel.store.writer import RecordWriter
from driftwheel.web.security.attempts import Attempts
from driftwheel.web.security.known_tokens import KnownTokens

__all__ = ["Clock", "Services", "State", "services_of", "utc_now"]

Clock = Callable[[], datetime]
"""Tells the time, timezone-aware, in UTC."""


@dataclass(frozen=True, slots=True)
class Services:
    """What a running server holds.

    Attributes
    ----------
    engine, blobs, writer
        The store: the database, the files, and the one thread that writes records.
    ingest
        Takes records in.
    settings
        Of this installation.
    clock
        Tells the time.
    attempts
        Failed log-ins of the last minutes.
    known_tokens
        Tokens seen in the last seconds, and when each was last used.
    """

    engine: Engine
    blobs: Blobs
    writer: RecordWriter
    ingest: Ingest
    settings: Settings
    clock: Clock
    attempts: Attempts
    known_tokens: KnownTokens


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


async def services_of(request: Request) -> Services:
    """Return what the server of this request holds."""
    return cast("Services", request.app.state.services)


State = Annotated[Services, Depends(services_of)]
"""The parameter of a route that works with the store: ``state: State``."""
