"""The images of records, and the model version that they were sent to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import records

__all__ = ["VersionImage", "version_images"]

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class VersionImage:
    """A record's id, the model version that it names, and the digest of its image among the blobs."""

    record: str
    version: str
    image: bytes


def version_images(connection: Connection, model: int, ids: Iterable[str]) -> list[VersionImage]:
    """Return those of these records of a model that were measured, by id; none without an image."""
    its = sorted(set(ids))
    found: list[VersionImage] = []
    c = records.c
    for begin in range(0, len(its), _CHUNK):
        chosen = select(c.id, c.model_version, c.image).where(
            c.model == model,
            c.id.in_(its[begin : begin + _CHUNK]),
            c.image.is_not(None),
            c.state == RecordState.MEASURED,
        )
        found += [VersionImage(row.id, row.model_version, row.image) for row in connection.execute(chosen)]
    return sorted(found, key=lambda one: one.record)
