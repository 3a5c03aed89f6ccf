"""Records and tasks by the ids that label files may call their images."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from driftwheel.store.schema.label_tables import tasks
from driftwheel.store.schema.tables import records

__all__ = ["JoinedRecord", "records_named"]

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class JoinedRecord:
    """A record that is kept, or was: a task of a pool keeps its image.

    Attributes
    ----------
    record
        Its id.
    task
        Key of its task in the pool; None where it is in none.
    image
        SHA-256 of the image; None where it is not kept.
    width, height
        As displayed; None where they are not known.
    """

    record: str
    task: int | None
    image: bytes | None
    width: int | None
    height: int | None


def records_named(
    connection: Connection, model: int, pool: int, ids: Collection[str]
) -> dict[str, JoinedRecord]:
    """Return those of these records that a model has, or whose images a pool keeps."""
    found: dict[str, JoinedRecord] = {}
    wanted = sorted(ids)
    for begin in range(0, len(wanted), _CHUNK):
        part = wanted[begin : begin + _CHUNK]
        columns = (records.c.id, records.c.image, records.c.width, records.c.height)
        query = select(*columns).where(records.c.model == model, records.c.id.in_(part))
        for row in connection.execute(query):
            found[row.id] = JoinedRecord(row.id, None, row.image, row.width, row.height)
        of_task = (tasks.c.key, tasks.c.record, tasks.c.image, tasks.c.width, tasks.c.height)
        of_pool = select(*of_task).where(tasks.c.pool == pool, tasks.c.record.in_(part))
        for one in connection.execute(of_pool):
            known = found.get(one.record)
            width, height = (one.width, one.height) if known is None else (known.width, known.height)
            found[one.record] = JoinedRecord(one.record, one.key, one.image, width, height)
    return found
