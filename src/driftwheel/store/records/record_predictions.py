"""What the monitored model logged of records, and of the images of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, select

from driftwheel.store.schema.label_tables import tasks
from driftwheel.store.schema.tables import records

__all__ = ["SaidOfRecord", "predictions_of_records", "predictions_of_tasks"]


@dataclass(frozen=True, slots=True)
class SaidOfRecord:
    """What is known of a record: its embedding as packed float16, and what the model's version predicted.

    `embedding` is None where it has none in the space that was asked for.
    """

    record: str
    embedding: bytes | None
    prediction: Mapping[str, Any] | None
    version: str


def predictions_of_records(
    connection: Connection, model: int, space: str | None, ids: Sequence[str]
) -> dict[str, SaidOfRecord]:
    """Return what is known of these few records of a model, by their ids."""
    query = select(
        records.c.id, records.c.embedding, records.c.space, records.c.prediction, records.c.model_version
    ).where(records.c.model == model, records.c.id.in_(sorted(ids)))
    return {
        row.id: SaidOfRecord(
            row.id,
            row.embedding if space is not None and row.space == space else None,
            row.prediction,
            row.model_version,
        )
        for row in connection.execute(query)
    }


def predictions_of_tasks(
    connection: Connection, model: int, keys: Sequence[int]
) -> dict[int, Mapping[str, Any]]:
    """Return the predictions, as the API has them, of the records of these few tasks, by the tasks' keys.

    Tasks whose record is gone, or had no prediction, are left out.
    """
    query = (
        select(tasks.c.key, records.c.prediction)
        .join(records, and_(records.c.model == model, records.c.id == tasks.c.record))
        .where(tasks.c.key.in_(sorted(keys)), records.c.prediction.is_not(None))
    )
    return {row.key: row.prediction for row in connection.execute(query)}
