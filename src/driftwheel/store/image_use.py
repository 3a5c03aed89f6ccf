"""Whose image a file is: who may see a model's records may see their images, and no others."""

from __future__ import annotations

from sqlalchemy import Connection, select

from driftwheel.store.tables import records

__all__ = ["is_image_of"]


def is_image_of(connection: Connection, model: int, digest: bytes) -> bool:
    """Return whether a record of the model has the image with this SHA-256."""
    query = select(records.c.key).where(records.c.image == digest, records.c.model == model).limit(1)
    return connection.execute(query).first() is not None
