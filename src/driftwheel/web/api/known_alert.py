"""The alert an address names."""

from __future__ import annotations

from fastapi import HTTPException
from sqlalchemy import Engine

from driftwheel.services.alert.describe_alert import AlertDescription, describe_alert
from driftwheel.store.engine.database import reading

__all__ = ["alert_at"]


def alert_at(engine: Engine, key: int) -> AlertDescription:
    """Return what is known of the alert of that key.

    Raises
    ------
    HTTPException
        404 where there is none.
    """
    with reading(engine) as connection:
        try:
            return describe_alert(connection, key)
        except LookupError as error:
            raise HTTPException(404, str(error)) from None
