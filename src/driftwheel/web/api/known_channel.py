"""The channel an address names."""

from __future__ import annotations

from fastapi import HTTPException
from sqlalchemy import Engine

from driftwheel.services.channels.describe_channels import DescribedChannel, describe_channel
from driftwheel.store.engine.database import reading

__all__ = ["channel_at"]


def channel_at(engine: Engine, key: int) -> DescribedChannel:
    """Return the channel of that key.

    Raises
    ------
    HTTPException
        404 where there is none.
    """
    with reading(engine) as connection:
        try:
            return describe_channel(connection, key)
        except LookupError as error:
            raise HTTPException(404, str(error)) from None
