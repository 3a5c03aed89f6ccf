"""The images of records, to be labelled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from driftwheel.store.schema.tables import records

__all__ = ["RecordImage", "lock_images"]

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class RecordImage:
    """The image of a record, by the record's id."""

    record: str
    image: bytes
    width: int | None
    height: int | None


def lock_images(connection: Connection, model: int, ids: Sequence[str]) -> Iterator[RecordImage]:
    """Yield the images that records of a model still have; nobody takes them away until the transaction ends.

    Records that are not there, or have no image any more, are left out.
    """
    columns = (records.c.id, records.c.image, records.c.width, records.c.height)
    for begin in range(0, len(ids), _CHUNK):
        wanted = select(*columns).where(
            records.c.model == model,
            records.c.id.in_(ids[begin : begin + _CHUNK]),
            records.c.image.is_not(None),
        )
        for row in connection.execute(wanted.order_by(records.c.key).with_for_update(read=True)):
            yield RecordImage(*row)
