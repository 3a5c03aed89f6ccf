"""The models that records are sent for, looked up at most once a second each."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine

from driftwheel.services.ingest.ingest_checks import check_text
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model, find_model

__all__ = ["KnownModels", "model_named"]

_FRESH = timedelta(seconds=1)


class KnownModels:
    """Models by name, as they were at most a second ago; for all threads of a process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, tuple[Model, datetime]] = {}

    def find(self, name: str, now: datetime) -> Model:
        """Return the model of that name; raise `UsageError`, with the nearest name, where there is none."""
        known = self._known.get(name)
        if known is not None and abs(now - known[1]) < _FRESH:
            return known[0]
        self._known.pop(name, None)
        model = model_named(self._engine, name)
        self._known[name] = model, now
        return model

    def forget(self) -> None:
        """Look every model up anew."""
        self._known.clear()


def model_named(engine: Engine, name: str) -> Model:
    """Return the model of that name; raise `UsageError`, with the nearest name, where there is none."""
    check_text("The model's name", name, 128)
    with reading(engine) as connection:
        return find_model(connection, name)
