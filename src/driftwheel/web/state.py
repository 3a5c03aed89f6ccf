"""What the routes work with: opened once when the server starts, closed when it stops."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy import Engine

from driftwheel.services.clock import Clock
from driftwheel.services.ingest.ingest_records import Ingest
from driftwheel.services.serve.prediction_desk import PredictionDesk
from driftwheel.services.serve.served_models import ServedModels
from driftwheel.settings import Settings
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.records.writer import RecordWriter
from driftwheel.web.ingest_metrics import IngestMetrics
from driftwheel.web.security.attempts import Attempts
from driftwheel.web.security.known_tokens import KnownTokens
from driftwheel.web.serving_metrics import ServingMetrics

__all__ = ["Services", "State", "services_of"]


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
    ingest_metrics
        What was taken in since the start.
    served, desk
        The champions at hand, and the desk that predictions wait at.
    serving_metrics
        What was predicted since the start.
    """

    engine: Engine
    blobs: Blobs
    writer: RecordWriter
    ingest: Ingest
    settings: Settings
    clock: Clock
    attempts: Attempts
    known_tokens: KnownTokens
    served: ServedModels
    desk: PredictionDesk
    serving_metrics: ServingMetrics = field(default_factory=ServingMetrics)
    ingest_metrics: IngestMetrics = field(default_factory=IngestMetrics)


async def services_of(request: Request) -> Services:
    """Return what the server of this request holds."""
    return cast("Services", request.app.state.services)


State = Annotated[Services, Depends(services_of)]
"""The parameter of a route that works with the store: ``state: State``."""
