"""What was measured of many records, column by column: to sum them up without making a value of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Text, cast, collate, select, type_coerce

from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.schema.columns import EPOCH, MICROSECOND
from driftwheel.store.schema.record_state import DONE
from driftwheel.store.schema.tables import records

__all__ = ["RecordColumns", "by_time_and_id", "columns_of", "columns_of_keys", "measured_columns"]

_AT_ONCE = 16_384  # rows of one block, some 10 MB; profiles of a window are summed up in blocks of this size
_KEYS = 500  # in one question


@dataclass(frozen=True, slots=True, eq=False)
class RecordColumns:
    """Measured and rejected records, by time and id: an order that depends on nothing else.

    Attributes
    ----------
    keys, ids, tags, images, states, reasons, properties, embeddings, spaces, hashes, autoencoders
        One value a record, as in `StoredRecord`.
    times
        (n,) int64, microseconds since 1970 in UTC.
    errors
        (n,) float64, the reconstruction error that the autoencoder found; NaN where none looked.
    """

    keys: Sequence[int]
    ids: Sequence[str]
    times: NDArray[np.int64]
    tags: Sequence[Mapping[str, str]]
    images: Sequence[bytes | None]
    states: NDArray[np.int64]
    reasons: Sequence[str | None]
    properties: Sequence[bytes | None]
    embeddings: Sequence[bytes | None]
    spaces: Sequence[str | None]
    hashes: Sequence[bytes | None]
    errors: NDArray[np.float64]
    autoencoders: Sequence[int | None]

    def __len__(self) -> int:
        return len(self.ids)

    def first(self, n: int) -> RecordColumns:
        """Return the first `n` of these records, or all where there are fewer."""
        return RecordColumns(
            *(self.keys[:n], self.ids[:n], self.times[:n], self.tags[:n], self.images[:n], self.states[:n]),
            *(self.reasons[:n], self.properties[:n], self.embeddings[:n], self.spaces[:n], self.hashes[:n]),
            *(self.errors[:n], self.autoencoders[:n]),
        )


def measured_columns(
    connection: Connection, model: int, start: datetime, end: datetime
) -> Iterator[RecordColumns]:
    """Yield a model's measured and rejected records with start ≤ time < end, in blocks of always one size."""
    chosen = _columns(connection).where(
        records.c.model == model,
        records.c.time >= start,
        records.c.time < end,
        records.c.state.in_(DONE),
    )
    with connection.execute(chosen, execution_options={"yield_per": _AT_ONCE}) as rows:
        for part in rows.partitions():
            yield _block(part)


def columns_of_keys(connection: Connection, keys: Sequence[int]) -> RecordColumns:
    """Return those of these records that are measured or rejected, in the order of `keys`."""
    found: dict[int, Any] = {}
    for begin in range(0, len(keys), _KEYS):
        part = records.c.key.in_(keys[begin : begin + _KEYS])
        rows = connection.execute(_columns(connection).where(part, records.c.state.in_(DONE)))
        found |= {row.key: row for row in rows}
    return _block([found[key] for key in keys if key in found])


def columns_of(rows: Iterable[StoredRecord]) -> RecordColumns:
    """Return the columns of those of these records that are measured or rejected, in the order given."""
    done = [row for row in rows if row.state in DONE]
    return RecordColumns(
        [row.key for row in done],
        [row.id for row in done],
        np.array([(row.time - EPOCH) // MICROSECOND for row in done], np.int64),
        [row.tags for row in done],
        [row.image for row in done],
        np.array([int(row.state) for row in done], np.int64),
        [row.reason for row in done],
        [row.properties for row in done],
        [row.embedding for row in done],
        [row.space for row in done],
        [row.hash for row in done],
        _floats([row.reconstruction_error for row in done]),
        [row.autoencoder for row in done],
    )


def by_time_and_id(connection: Connection) -> tuple[ColumnElement[Any], ...]:
    """Return what records are ordered by: an order that depends on nothing else, as Python sorts text."""
    c = records.c
    return c.time, collate(c.id, "C") if connection.dialect.name == "postgresql" else c.id


def _columns(connection: Connection) -> Select[*tuple[Any, ...]]:
    c = records.c
    return select(
        *(c.key, c.id, type_coerce(c.time, BigInteger).label("time"), cast(c.tags, Text).label("tags")),
        *(c.image, c.state, c.reason, c.properties, c.embedding, c.space, c.hash),
        *(c.reconstruction_error, c.autoencoder),
    ).order_by(*by_time_and_id(connection))


def _block(rows: Sequence[Any]) -> RecordColumns:
    if not rows:
        none: list[Any] = []
        return RecordColumns(
            *(none, none, np.empty(0, np.int64), none, none, np.empty(0, np.int64)),
            *(none, none, none, none, none),
            *(np.empty(0), none),
        )
    columns = tuple(zip(*rows, strict=True))
    keys, ids, times, tags, images, states = columns[:6]
    reasons, properties, embeddings, spaces, hashes, errors, autoencoders = columns[6:]
    known = {text: json.loads(text) for text in set(tags)}
    return RecordColumns(
        keys,
        ids,
        np.array(times, np.int64),
        [known[text] for text in tags],
        images,
        np.array(states, np.int64),
        *(reasons, properties, embeddings, spaces, hashes),
        _floats(errors),
        autoencoders,
    )


def _floats(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array(values, np.float64)
