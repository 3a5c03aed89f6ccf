"""Write new records in as few steps as the database allows.

Python's SQLite lets go of the interpreter at every step of a statement, and beside a busy event loop each
time costs up to 5 ms until it is had again. So the rows of SQLite go in by statements of many rows that give
nothing back: about eight steps for 2000 rows, where ``RETURNING`` needs 2000.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from driftwheel.formats.prediction_json import prediction_to_json
from driftwheel.predictions import Record
from driftwheel.store.schema.columns import EPOCH, MICROSECOND
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import records

__all__ = ["Identity", "NewRecord", "insert_new"]

Identity = tuple[int, str]
"""A model's key and the client's id."""

_COLUMNS = {  # and their types on PostgreSQL
    "model": "integer",
    "id": "text",
    "body": "bytea",
    "model_version": "text",
    "time": "bigint",
    "received": "bigint",
    "tags": "json",
    "image": "bytea",
    "width": "integer",
    "height": "integer",
    "prediction": "json",
    "latency": "float8",
    "error": "text",
    "state": "smallint",
}
_SIZES = (1024, 256, 64, 16, 4, 1)  # rows of one statement: few texts, so that SQLite knows them already
_IDS = 500  # in one question
_FROM_ARRAYS = (  # of one value a row each: one short text that the server knows already
    f"INSERT INTO records ({', '.join(_COLUMNS)}) "  # noqa: S608  no data in it
    f"SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in _COLUMNS.values())}) "
    "ON CONFLICT (model, id) DO NOTHING RETURNING model, id"
)
_GREATEST_KEY = select(func.coalesce(func.max(records.c.key), 0))
_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to be written.

    Attributes
    ----------
    model
        The model's key; it stands above `record.model`, which is not looked at.
    record
        As the client told it. Strings must not hold NUL, which PostgreSQL cannot keep.
    body
        32 bytes, the digest of what the client told, image included: what makes a duplicate.
    received
        When the server got it, UTC.
    """

    model: int
    record: Record
    body: bytes
    received: datetime


def insert_new(connection: Connection, rows: Sequence[NewRecord]) -> set[Identity]:
    """Write the rows whose id is not there yet, and return the identities of those written.

    Each id may be among the rows once. A model that is not there raises SQLAlchemy's ``IntegrityError``.
    """
    if not rows:
        return set()
    if connection.dialect.name == "postgresql":
        return _insert_postgresql(connection, rows)
    return _insert_sqlite(connection, rows)


def _insert_sqlite(connection: Connection, rows: Sequence[NewRecord]) -> set[Identity]:
    """Nobody else writes meanwhile, and keys only grow: what has a higher key than before is new."""
    before = connection.execute(_GREATEST_KEY).scalar_one()
    written = 0
    begin = 0
    while begin < len(rows):
        size = next(size for size in _SIZES if size <= len(rows) - begin)
        values = [value for row in rows[begin : begin + size] for value in _row(row)]
        written += connection.exec_driver_sql(_statement(size), tuple(values)).rowcount
        begin += size
    if written == len(rows):
        return {(row.model, row.record.id) for row in rows}
    new: set[Identity] = set()
    for begin in range(0, len(rows), _IDS):
        part = [(row.model, row.record.id) for row in rows[begin : begin + _IDS]]
        found = select(records.c.model, records.c.id).where(
            tuple_(records.c.model, records.c.id).in_(part), records.c.key > before
        )
        new |= {(model, name) for model, name in connection.execute(found)}
    return new


def _insert_postgresql(connection: Connection, rows: Sequence[NewRecord]) -> set[Identity]:
    """In the order of ids, so that two servers with the same rows do not wait for each other in a circle."""
    ordered = sorted(rows, key=lambda row: (row.model, row.record.id))
    columns = tuple(list(column) for column in zip(*map(_row, ordered), strict=True))
    return {(model, name) for model, name in connection.exec_driver_sql(_FROM_ARRAYS, columns)}


@cache
def _statement(size: int) -> str:
    marks = f"({', '.join('?' * len(_COLUMNS))})"
    return (
        f"INSERT INTO records ({', '.join(_COLUMNS)}) VALUES {', '.join([marks] * size)} "  # noqa: S608  no data in it
        "ON CONFLICT (model, id) DO NOTHING"
    )


def _row(row: NewRecord) -> list[Any]:
    """Return what the databases keep of a row, as the types of the table's columns would."""
    values = _values(row)
    for moment in ("time", "received"):
        values[moment] = (values[moment] - EPOCH) // MICROSECOND
    for plain in ("tags", "prediction"):
        values[plain] = None if values[plain] is None else _to_json(values[plain])
    return list(values.values())


def _values(row: NewRecord) -> dict[str, Any]:
    """Return the columns of a row, in the order of `_COLUMNS`."""
    record = row.record
    return {
        "model": row.model,
        "id": record.id,
        "body": row.body,
        "model_version": record.model_version,
        "time": record.time,
        "received": row.received,
        "tags": dict(record.tags),
        "image": None if record.image is None else bytes.fromhex(record.image),
        "width": record.width,
        "height": record.height,
        "prediction": None if record.prediction is None else prediction_to_json(record.prediction),
        "latency": record.latency,
        "error": record.error,
        "state": int(RecordState.NO_IMAGE if record.image is None else RecordState.RECEIVED),
    }
