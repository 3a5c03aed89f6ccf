"""Backfill: measure the records of a time range again, as the model's embedder and reference are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.crash_points import reach
from driftwheel.services.measure.measure_received import mark_windows
from driftwheel.services.measure.measure_records import LOST, measure_records, measurers_of
from driftwheel.services.measure.measurers import Measurer, Measurers
from driftwheel.services.measure.packed_records import records_of
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import find_model
from driftwheel.store.operate.audit import note
from driftwheel.store.operate.settings import all_settings, put_setting
from driftwheel.store.records.record_columns import columns_of
from driftwheel.store.records.record_pages import Cursor, RecordFilter, page_records
from driftwheel.store.records.records import Measurement, set_measured
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.schema.record_state import RecordState

__all__ = ["Backfilled", "ask_for_backfill", "asked_backfills", "backfill_records", "check_range"]

_PREFIX = "backfill."


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What one step of a backfill did.

    Attributes
    ----------
    records
        Looked at.
    measured
        Of them, measured again; the others have no image any more, or never had one.
    next
        Where the next step goes on, as `Cursor.to_text`; None after the last.
    """

    records: int
    measured: int
    next: str | None


def ask_for_backfill(
    engine: Engine, model: str, since: datetime, until: datetime, *, name: UUID, by: str, now: datetime
) -> None:
    """Ask the workers to measure a model's records with since ≤ time < until again.

    `name` tells one wish from another; the same twice is once.

    Raises
    ------
    UsageError
        When there is no such model, or the range is none.
    """
    check_range(since, until)
    with writing(engine) as connection:
        found = find_model(connection, model)
        wish = {"model": found.key, "since": since.isoformat(), "until": until.isoformat()}
        put_setting(connection, f"{_PREFIX}{name}", wish)
        details = {"since": wish["since"], "until": wish["until"]}
        note(connection, now, by, "backfill", model, details)


def asked_backfills(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return the backfills that were asked for and are not done, by name."""
    known = all_settings(connection)
    return {name: value for name, value in known.items() if name.startswith(_PREFIX)}


def check_range(since: datetime, until: datetime) -> None:
    """Raise `UsageError` unless `since` comes before `until`, both with a time zone and of a year in UTC."""
    if since.tzinfo is None or until.tzinfo is None:
        raise UsageError("A range of time needs a time zone, as in 2026-03-04T00:00:00Z.")
    if since >= until:
        raise UsageError(
            f"The range {since.isoformat()} to {until.isoformat()} is empty; give since < until."
        )
    for time in (since, until):
        try:
            time.astimezone(UTC)
        except OverflowError:
            raise UsageError(f"The time {time.isoformat()} is of no year from 1 to 9999 in UTC.") from None


def backfill_records(
    engine: Engine,
    blobs: Blobs,
    measurers: Measurers,
    chosen: RecordFilter,
    *,
    now: datetime,
    after: str | None = None,
    limit: int = 256,
    threads: int | None = None,
) -> Backfilled:
    """Measure up to `limit` records again, the oldest first, and mark their windows stale.

    A record whose image is no longer kept keeps its properties, embedding and reconstruction error; its
    outlier p-value is worked out anew from them. Records that still wait are left to `measure_received`.

    Raises
    ------
    OSError
        When the blobs cannot be read now.
    """
    with reading(engine) as connection:
        place = None if after is None else Cursor.from_text(after)
        page = page_records(connection, chosen, order="oldest", after=place, limit=limit)
    rows = [row for row in page.rows if row.state is not RecordState.RECEIVED]
    known = measurers_of(engine, measurers, rows)
    found = [
        one for one in measure_records(blobs, known, rows, now=now, threads=threads) if one.reason != LOST
    ]
    anew = {one.key for one in found}
    left = [row for row in rows if row.key not in anew and row.state is RecordState.MEASURED]
    for model, measurer in known.items():
        found += _judged(measurer, [row for row in left if row.model == model])
    reach("backfill-measured")
    with writing(engine) as connection:
        set_measured(connection, found)
        mark_windows(connection, rows, known)  # those of the others too: all of the range is made anew
        reach("backfill-written")
    reach("backfill-committed")
    following = None if page.next is None else page.next.to_text()
    return Backfilled(len(page.rows), len(anew), following)


def _judged(measurer: Measurer, rows: Sequence[StoredRecord]) -> list[Measurement]:
    """Return what is known of records with another outlier p-value, worked out from what is kept of them."""
    if not rows:
        return []
    space = None if measurer.space is None else measurer.space.name
    p_values: dict[str, float] = {}
    in_it = [row for row in rows if row.space == space]
    for part in (in_it, [row for row in rows if row.space != space]):
        if part:
            table = records_of(columns_of(part), space=space)
            p_values |= measurer.outlier_p(table)
    return [
        Measurement(
            row.key,
            properties=row.properties,
            embedding=row.embedding,
            outlier_p=p_values.get(row.id),
            width=row.width,
            height=row.height,
            space=row.space,
            hash=row.hash,
            reconstruction_error=row.reconstruction_error,
            autoencoder=row.autoencoder,
        )
        for row in rows
    ]
