"""The model an address names."""

from __future__ import annotations

from fastapi import HTTPException
from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model, find_model

__all__ = ["known_model", "model_at"]


def known_model(connection: Connection, name: str) -> Model:
    """Return the model of that name.

    Raises
    ------
    HTTPException
        404 where there is none, with the nearest name.
    """
    try:
        return find_model(connection, name)
    except UsageError as error:
        raise HTTPException(404, str(error)) from None


def model_at(engine: Engine, name: str) -> Model:
    """Return, or raise, what `known_model` does; it waits for the database: call it in a thread."""
    with reading(engine) as connection:
        return known_model(connection, name)
