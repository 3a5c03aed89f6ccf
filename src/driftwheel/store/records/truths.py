"""Ground truth, one a record, joined by the record's id; it may come before the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, select, update

from driftwheel.formats.prediction_json import prediction_from_json, prediction_to_json
from driftwheel.predictions import Truth
from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.tables import truths

__all__ = ["NewTruth", "StoredTruth", "TruthOutcome", "find_truth", "put_truths", "truths_of"]

TruthOutcome = Literal["accepted", "duplicate", "replaced"]
"""`replaced`: there was another truth; the later one counts."""

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class NewTruth:
    """A truth to be written, for the record with the client's id `record`."""

    record: str
    truth: Truth


@dataclass(frozen=True, slots=True)
class StoredTruth:
    """A truth as it is kept; the columns are described in `driftwheel.store.schema.tables`."""

    key: int
    model: int
    record: str
    truth: Truth
    received: datetime
    by: str


def put_truths(
    connection: Connection, model: int, rows: Sequence[NewTruth], *, received: datetime, by: str
) -> list[TruthOutcome]:
    """Write truths of a model's records and return, for each, what became of it.

    The same again is a duplicate and changes nothing. Of truths of one record in one call the last is kept.
    """
    statement = upsert(connection.dialect.name, truths).on_conflict_do_nothing(
        index_elements=["model", "record"]
    )
    first = {row.record: row for row in reversed(rows)}
    values = [
        {
            "model": model,
            "record": record,
            "truth": prediction_to_json(first[record].truth),
            "received": received,
            "by": by,
        }
        for record in sorted(first)
    ]
    if not values:
        return []
    new = set(connection.execute(statement.returning(truths.c.record), values).scalars())
    kept = {one.record: one.truth for one in truths_of(connection, model, list(first))}
    outcomes: list[TruthOutcome] = []
    for row in rows:
        if row.record in new:
            new.discard(row.record)
            outcomes.append("accepted")
        elif kept[row.record] == row.truth:
            outcomes.append("duplicate")
        else:
            connection.execute(
                update(truths)
                .where(truths.c.model == model, truths.c.record == row.record)
                .values(truth=prediction_to_json(row.truth), received=received, by=by)
            )
            kept[row.record] = row.truth
            outcomes.append("replaced")
    return outcomes


def find_truth(connection: Connection, model: int, record: str) -> StoredTruth | None:
    """Return the truth of one record, None where none is known."""
    found = truths_of(connection, model, [record])
    return found[0] if found else None


def truths_of(connection: Connection, model: int, records: Sequence[str]) -> list[StoredTruth]:
    """Return the truths that are known of these records of a model, by record id."""
    found: list[StoredTruth] = []
    for begin in range(0, len(records), _CHUNK):
        part = records[begin : begin + _CHUNK]
        query = select(truths).where(truths.c.model == model, truths.c.record.in_(part))
        found += [_truth(row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: one.record)


def _truth(row: Row[Any]) -> StoredTruth:
    plain = dict(row._mapping)
    return StoredTruth(**(plain | {"truth": prediction_from_json(plain["truth"])}))
