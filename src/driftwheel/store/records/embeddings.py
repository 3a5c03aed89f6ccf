"""Embeddings of many records at once, to be compared with each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select, type_coerce
from sqlalchemy.types import NullType

from driftwheel.store.schema.tables import records

__all__ = ["newest_embeddings"]


def newest_embeddings(
    connection: Connection, model: int, space: str, *, dimensions: int, limit: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return keys (n,) and embeddings (n, dimensions) of a model's newest records, by event time.

    Of one space only; an embedding of another length is left out.
    """
    column = records.c
    as_read = type_coerce(column.embedding, NullType())  # a type that changes nothing is half of the time
    rows = connection.execute(
        select(column.key, as_read)
        .where(column.model == model, column.space == space, column.embedding.is_not(None))
        .where(func.length(column.embedding) == 2 * dimensions)
        .order_by(column.time.desc(), column.key.desc())
        .limit(limit)
    ).all()
    keys = np.array([key for key, _ in rows], dtype=np.int64)
    packed = b"".join([embedding for _, embedding in rows])
    vectors = np.frombuffer(packed, dtype="<f2").astype(np.float32).reshape(len(rows), dimensions)
    return keys, vectors
