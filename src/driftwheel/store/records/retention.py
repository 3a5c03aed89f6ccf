"""What retention takes away: old records, and images that are no longer wanted or used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, delete, select, union, update

from driftwheel.store.records.stored_record import StoredRecord, stored_record
from driftwheel.store.schema.dataset_tables import dataset_blobs, dataset_images
from driftwheel.store.schema.import_tables import label_imports
from driftwheel.store.schema.label_tables import tasks
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import autoencoders, model_versions, records, references
from driftwheel.store.schema.train_tables import training_runs

__all__ = ["delete_records", "drop_images", "measured_images", "records_before", "unused_digests"]

_CHUNK = 500
_Item = TypeVar("_Item")


def records_before(connection: Connection, model: int, time: datetime, limit: int) -> list[StoredRecord]:
    """Return up to `limit` of a model's records with an event time before `time`, the oldest first."""
    query = select(records).where(records.c.model == model, records.c.time < time)
    ordered = query.order_by(records.c.time, records.c.key).limit(limit)
    return [stored_record(row) for row in connection.execute(ordered)]


def measured_images(connection: Connection, model: int, after_key: int, limit: int) -> list[StoredRecord]:
    """Return up to `limit` of a model's records that still have an image and need it no more, by key."""
    done = (int(RecordState.MEASURED), int(RecordState.REJECTED))
    query = select(records).where(
        records.c.model == model,
        records.c.key > after_key,
        records.c.image.is_not(None),
        records.c.state.in_(done),
    )
    return [stored_record(row) for row in connection.execute(query.order_by(records.c.key).limit(limit))]


def delete_records(connection: Connection, keys: Sequence[int]) -> int:
    """Delete records and return how many there were; profiles of their windows stay as they are."""
    gone = 0
    for part in _chunks(sorted(keys)):
        gone += connection.execute(delete(records).where(records.c.key.in_(part))).rowcount
    return gone


def drop_images(connection: Connection, keys: Sequence[int]) -> None:
    """Take the images from records; what was measured in them stays."""
    for part in _chunks(sorted(keys)):
        connection.execute(update(records).where(records.c.key.in_(part)).values(image=None))


def unused_digests(connection: Connection, digests: Collection[bytes]) -> set[bytes]:
    """Return those digests that nothing points to: no record, task, label file, dataset, training or model.

    A blob may be put just before its record is written: delete only blobs that are older than any request.
    """
    unused = set(digests)
    for part in _chunks(sorted(digests)):
        used = union(
            select(records.c.image.label("digest")).where(records.c.image.in_(part)),
            select(tasks.c.image.label("digest")).where(tasks.c.image.in_(part)),
            select(dataset_images.c.image.label("digest")).where(dataset_images.c.image.in_(part)),
            select(dataset_blobs.c.blob.label("digest")).where(dataset_blobs.c.blob.in_(part)),
            select(label_imports.c.file.label("digest")).where(label_imports.c.file.in_(part)),
            select(references.c.artifact.label("digest")).where(references.c.artifact.in_(part)),
            select(references.c.faults.label("digest")).where(references.c.faults.in_(part)),
            select(model_versions.c.artifact.label("digest")).where(model_versions.c.artifact.in_(part)),
            select(autoencoders.c.artifact.label("digest")).where(autoencoders.c.artifact.in_(part)),
            select(training_runs.c.artifact.label("digest")).where(training_runs.c.artifact.in_(part)),
            select(training_runs.c.checkpoint.label("digest")).where(training_runs.c.checkpoint.in_(part)),
        )
        unused -= set(connection.execute(used).scalars())
    return unused


def _chunks(items: Sequence[_Item]) -> Iterable[Sequence[_Item]]:
    return (items[begin : begin + _CHUNK] for begin in range(0, len(items), _CHUNK))
