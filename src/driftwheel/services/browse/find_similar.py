"""Find the images of a model that look most like one of them, by their embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from driftwheel.store.records.embeddings import newest_embeddings
from driftwheel.store.records.records import record_by_key
from driftwheel.store.records.stored_record import StoredRecord

__all__ = ["SEARCHED", "Similar", "SimilarImages", "find_similar"]

SEARCHED = 20_000
"""How many of the newest embeddings of a model are compared, every one of them exactly: some 0.1 s."""


@dataclass(frozen=True, slots=True)
class Similar:
    """A record and the cosine of its embedding with the asked one, −1…1; 1 is the same direction."""

    record: StoredRecord
    likeness: float


@dataclass(frozen=True, slots=True)
class SimilarImages:
    """The most alike first, of `n` images compared."""

    found: tuple[Similar, ...]
    n: int


def find_similar(connection: Connection, key: int, *, limit: int = 12) -> SimilarImages | None:
    """Return the records of the same model whose embeddings are nearest in angle to that of one record.

    Only embeddings of the same space (embedder and projection) are compared, each with the record's own left
    out, among the newest `SEARCHED`. Ties go to the newer record.

    Returns
    -------
    SimilarImages | None
        None when there is no such record, or it has no embedding.
    """
    record = record_by_key(connection, key)
    if record is None or record.embedding is None or record.space is None:
        return None
    keys, vectors = newest_embeddings(
        connection, record.model, record.space, dimensions=len(record.embedding) // 2, limit=SEARCHED
    )
    others = keys != key
    keys, vectors = keys[others], vectors[others]
    mine = np.frombuffer(record.embedding, dtype="<f2").astype(np.float32)
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(mine)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = np.where(lengths > 0, vectors @ mine / lengths, -1.0)
    nearest = np.lexsort((-keys, -cosines))[:limit]
    found = []
    for at in nearest:
        other = record_by_key(connection, int(keys[at]))
        if other is not None:
            found.append(Similar(other, float(np.clip(cosines[at], -1, 1))))
    return SimilarImages(tuple(found), len(keys))
