"""Measure received records: the records that wait in the database are the queue, and nothing else is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.services.crash_points import reach
from driftwheel.services.measure.measure_records import measure_records, measurers_of
from driftwheel.services.measure.measurers import Measurer, Measurers
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.records.records import Measurement, next_received, set_measured
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.windows.windows import mark_stale

__all__ = ["BURST", "Burst", "keep_measured", "mark_windows", "measure_received"]

BURST = 256
"""Records that are measured and committed together."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What one burst did.

    Attributes
    ----------
    taken
        Records looked at.
    measured, rejected
        Of them; the others are left for later.
    last_key
        Where the next burst goes on; None when nothing waited any more.
    """

    taken: int
    measured: int
    rejected: int
    last_key: int | None


def measure_received(
    engine: Engine,
    blobs: Blobs,
    measurers: Measurers,
    *,
    now: datetime,
    after_key: int = 0,
    limit: int = BURST,
    threads: int | None = None,
) -> Burst:
    """Measure up to `limit` records that wait, note what was found and mark their windows stale, all at once.

    On PostgreSQL the records are locked meanwhile and other workers take others. On SQLite one worker at a
    time may do this; nobody who writes waits while images are measured. A process that ends in between leaves
    the records waiting.

    Raises
    ------
    OSError
        When the blobs cannot be read now.
    DatabaseBusyError, StorageFullError
        When the result cannot be written now.
    """
    if engine.dialect.name == "postgresql":
        with writing(engine) as connection:
            rows = next_received(connection, after_key, limit, claim=True)
            found, known = _measure(engine, blobs, measurers, rows, now=now, threads=threads)
            keep_measured(connection, rows, found, known)
    else:
        with reading(engine) as connection:
            rows = next_received(connection, after_key, limit)
        found, known = _measure(engine, blobs, measurers, rows, now=now, threads=threads)
        with writing(engine) as connection:
            keep_measured(connection, rows, found, known)
    reach("measure-committed")
    rejected = sum(one.reason is not None for one in found)
    return Burst(len(rows), len(found) - rejected, rejected, rows[-1].key if rows else None)


def keep_measured(
    connection: Connection,
    rows: Sequence[StoredRecord],
    found: Sequence[Measurement],
    measurers: dict[int, Measurer],
) -> None:
    """Note what was found of records, and mark the windows of these stale, in the caller's transaction.

    Records are changed first, then windows, each in one order: see `driftwheel.store.records.record_locks`.
    """
    if not found:
        return
    set_measured(connection, found)
    noted = {one.key for one in found}
    mark_windows(connection, [row for row in rows if row.key in noted], measurers)
    reach("measure-written")


def mark_windows(
    connection: Connection, rows: Sequence[StoredRecord], measurers: dict[int, Measurer]
) -> None:
    """Mark the windows of records stale, those of all models in one order."""
    by_model: defaultdict[int, list[StoredRecord]] = defaultdict(list)
    for row in rows:
        if row.model in measurers:
            by_model[row.model].append(row)
    for key, its in sorted(by_model.items()):
        model = measurers[key].model
        times, tags = [row.time for row in its], [row.tags for row in its]
        mark_stale(connection, key, model.window, times, tags, model.segment_tags)


def _measure(
    engine: Engine,
    blobs: Blobs,
    measurers: Measurers,
    rows: Sequence[StoredRecord],
    *,
    now: datetime,
    threads: int | None,
) -> tuple[list[Measurement], dict[int, Measurer]]:
    if not rows:
        return [], {}
    reach("measure-taken")
    known = measurers_of(engine, measurers, rows)
    found = measure_records(blobs, known, rows, now=now, threads=threads)
    reach("measure-measured")
    return found, known
