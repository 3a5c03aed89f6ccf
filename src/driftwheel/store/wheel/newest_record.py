"""Records by when they were received: what came after a turn of the wheel had promoted."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from driftwheel.store.schema.tables import records

__all__ = ["images_after", "newest_record"]


def newest_record(connection: Connection) -> int:
    """Return the key of the record that came last, of any model; 0 where there is none."""
    return int(connection.scalar(select(func.max(records.c.key))) or 0)


def images_after(connection: Connection, model: int, key: int, *, limit: int) -> dict[bytes, str]:
    """Return up to `limit` images of a model that came after the record with that key, in order.

    By the SHA-256 of the file: the id of the first record that shows it.
    """
    query = (
        select(records.c.image, records.c.id)
        .where(records.c.model == model, records.c.key > key, records.c.image.is_not(None))
        .order_by(records.c.key)
        .limit(limit)
    )
    found: dict[bytes, str] = {}
    for image, record in connection.execute(query):
        found.setdefault(image, record)
    return found
