"""The one order in which transactions lock rows, so that none waits for another in a circle.

First records, by key; then windows, by model, start, tag and value as Python sorts them. Whoever changes
records that are there already locks them here, before any window; `mark_stale` and `put_window` come after.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from driftwheel.store.records.stored_record import StoredRecord, stored_record
from driftwheel.store.schema.tables import records

__all__ = ["lock_records"]

_CHUNK = 500  # keys in one question


def lock_records(connection: Connection, keys: Sequence[int]) -> list[StoredRecord]:
    """Lock records until the transaction ends, and return them as they are then, by key.

    Those that are no longer there are left out. Waits while another transaction changes one of them. SQLite,
    which has one writer at a time, has nothing to lock.
    """
    found: list[StoredRecord] = []
    ordered = sorted(set(keys))
    for begin in range(0, len(ordered), _CHUNK):
        part = records.c.key.in_(ordered[begin : begin + _CHUNK])
        query = select(records).where(part).order_by(records.c.key).with_for_update()
        found += [stored_record(row) for row in connection.execute(query)]
    return found
