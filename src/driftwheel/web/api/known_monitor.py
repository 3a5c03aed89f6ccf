"""The monitor an address names."""

from __future__ import annotations

from fastapi import HTTPException
from sqlalchemy import Engine

from driftwheel.store.alerts.monitors import StoredMonitor, monitor_by_key
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model

__all__ = ["monitor_at"]


def monitor_at(engine: Engine, model: Model, key: int) -> StoredMonitor:
    """Return the monitor of that key.

    Raises
    ------
    HTTPException
        404 where the model has none.
    """
    with reading(engine) as connection:
        found = monitor_by_key(connection, key)
    if found is None or found.model != model.key:
        raise HTTPException(404, f"The model '{model.name}' has no monitor {key}; it may have been deleted.")
    return found
