"""Records in the database: written once, found by id or key, and the queue of those to be measured."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, func, select, tuple_, update

from driftwheel.store.engine.tag_filter import has_tag
from driftwheel.store.records.new_record import Identity, NewRecord, insert_new
from driftwheel.store.records.stored_record import StoredRecord, stored_record
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import IS_RECEIVED, records

__all__ = [
    "Measurement",
    "NewRecord",
    "Outcome",
    "count_received",
    "find_record",
    "insert_records",
    "last_record_time",
    "next_received",
    "record_by_key",
    "records_in_window",
    "set_measured",
    "times_of",
]

Outcome = Literal["accepted", "duplicate", "conflict"]
"""`accepted`: kept now. `duplicate`: kept before, the same. `conflict`: kept before with other content."""

_CHUNK = 500  # ids in one question, well below what either database allows


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was found in a record's image.

    Attributes
    ----------
    key
        The record's.
    properties
        Packed float32; None where the image was rejected.
    embedding
        Packed float16; None without an embedder.
    outlier_p
        Conformal p-value beside the reference; None without a reference.
    width, height
        Of the upright image in pixels; None keeps what the client said.
    reason
        Why the image was rejected; None where it was measured.
    space
        What the embedding is in: the embedder's identity, and after ``/`` the id of its projection.
    hash
        8 bytes, the difference hash of the image.
    reconstruction_error, autoencoder
        How far what an autoencoder makes of the image is from it, in nats a pixel and channel, and the key of
        that one; None without one.
    """

    key: int
    properties: bytes | None = None
    embedding: bytes | None = None
    outlier_p: float | None = None
    width: int | None = None
    height: int | None = None
    reason: str | None = None
    space: str | None = None
    hash: bytes | None = None
    reconstruction_error: float | None = None
    autoencoder: int | None = None


def insert_records(connection: Connection, rows: Sequence[NewRecord]) -> list[Outcome]:
    """Write records and return, for each row, what became of it.

    Of rows with one id in one call the first counts and the others are compared with it. A model
    that is not there raises SQLAlchemy's ``IntegrityError``.
    """
    first: dict[Identity, NewRecord] = {}
    for row in rows:
        first.setdefault((row.model, row.record.id), row)
    written = insert_new(connection, list(first.values()))
    known = _bodies(connection, [identity for identity in first if identity not in written])
    outcomes: list[Outcome] = []
    for row in rows:
        identity = (row.model, row.record.id)
        if identity in written:  # the first of this id, which is the one that was written
            written.remove(identity)
            known[identity] = row.body
            outcomes.append("accepted")
        else:
            outcomes.append("duplicate" if known[identity] == row.body else "conflict")
    return outcomes


def find_record(connection: Connection, model: int, record: str) -> StoredRecord | None:
    """Return the record of a model's key and the client's id, None where there is none."""
    row = connection.execute(select(records).where(records.c.model == model, records.c.id == record)).first()
    return None if row is None else stored_record(row)


def record_by_key(connection: Connection, key: int) -> StoredRecord | None:
    """Return the record of that key, None where there is none."""
    row = connection.execute(select(records).where(records.c.key == key)).first()
    return None if row is None else stored_record(row)


def next_received(
    connection: Connection, after_key: int, limit: int, *, claim: bool = False
) -> list[StoredRecord]:
    """Return up to `limit` records that wait to be measured, of all models, in the order of their keys.

    `after_key` is for going on within one pass. Every pass begins at 0: on PostgreSQL a record can come to
    light after another with a higher key. With `claim`, on PostgreSQL, the records are locked until the
    transaction ends, and those that another worker has locked are passed over.
    """
    waiting = select(records).where(IS_RECEIVED, records.c.key > after_key)
    if claim:  # SQLite knows no such lock and leaves it out
        waiting = waiting.with_for_update(skip_locked=True)
    return [stored_record(row) for row in connection.execute(waiting.order_by(records.c.key).limit(limit))]


def count_received(connection: Connection, models: Collection[int] | None = None) -> int:
    """Return how many records wait to be measured: of these models, by their keys; None: of all."""
    query = select(func.count()).select_from(records).where(IS_RECEIVED)
    if models is not None:
        query = query.where(records.c.model.in_(models))
    return connection.execute(query).scalar_one()


def set_measured(connection: Connection, measurements: Sequence[Measurement]) -> None:
    """Note what was found in images; a record with a reason becomes REJECTED, the others MEASURED.

    Records that are no longer there are passed over. Setting the same again changes nothing. The windows that
    hold the records are marked stale by the caller, in the same transaction (`windows.mark_stale`).
    """
    if not measurements:
        return
    change = (
        update(records)
        .where(records.c.key == bindparam("its_key"))
        .values(
            state=bindparam("its_state"),
            reason=bindparam("its_reason"),
            properties=bindparam("its_properties"),
            embedding=bindparam("its_embedding"),
            space=bindparam("its_space"),
            hash=bindparam("its_hash"),
            outlier_p=bindparam("its_outlier_p"),
            reconstruction_error=bindparam("its_reconstruction_error"),
            autoencoder=bindparam("its_autoencoder"),
            width=func.coalesce(bindparam("its_width", type_=records.c.width.type), records.c.width),
            height=func.coalesce(bindparam("its_height", type_=records.c.height.type), records.c.height),
        )
    )
    connection.execute(
        change,
        [_measured(one) for one in sorted(measurements, key=lambda one: one.key)],
    )


def records_in_window(
    connection: Connection, model: int, start: datetime, end: datetime, *, tag: str = "", value: str = ""
) -> Iterator[StoredRecord]:
    """Yield the records with start ≤ time < end, by time and key; of one segment where `tag` is not empty.

    All states are among them. The rows are fetched as they are taken, some at a time.
    """
    chosen = select(records).where(records.c.model == model, records.c.time >= start, records.c.time < end)
    if tag:
        chosen = chosen.where(has_tag(connection, tag, value))
    chosen = chosen.order_by(records.c.time, records.c.key)
    with connection.execute(chosen, execution_options={"yield_per": 1000}) as rows:
        for row in rows:
            yield stored_record(row)


def times_of(connection: Connection, model: int, ids: Sequence[str]) -> list[datetime]:
    """Return the event times of those of a model's records that are there, by the client's ids."""
    found: list[datetime] = []
    for begin in range(0, len(ids), _CHUNK):
        part = ids[begin : begin + _CHUNK]
        its = select(records.c.time).where(records.c.model == model, records.c.id.in_(part))
        found += connection.execute(its).scalars()
    return found


def last_record_time(connection: Connection, model: int) -> datetime | None:
    """Return the latest event time among a model's records, None where it has none."""
    last: datetime | None = connection.execute(
        select(func.max(records.c.time)).where(records.c.model == model)
    ).scalar_one()
    return last


def _bodies(connection: Connection, identities: Sequence[Identity]) -> dict[Identity, bytes]:
    found: dict[Identity, bytes] = {}
    for begin in range(0, len(identities), _CHUNK):
        part = identities[begin : begin + _CHUNK]
        rows = connection.execute(
            select(records.c.model, records.c.id, records.c.body).where(
                tuple_(records.c.model, records.c.id).in_(part)
            )
        )
        found |= {(model, name): body for model, name, body in rows}
    return found


def _measured(one: Measurement) -> dict[str, Any]:
    return {
        "its_key": one.key,
        "its_state": int(RecordState.MEASURED if one.reason is None else RecordState.REJECTED),
        "its_reason": one.reason,
        "its_properties": one.properties,
        "its_embedding": one.embedding,
        "its_space": one.space,
        "its_hash": one.hash,
        "its_outlier_p": one.outlier_p,
        "its_reconstruction_error": one.reconstruction_error,
        "its_autoencoder": one.autoencoder,
        "its_width": one.width,
        "its_height": one.height,
    }
