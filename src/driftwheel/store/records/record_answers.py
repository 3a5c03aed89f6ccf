"""What a model said of many records at once, and their embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from driftwheel.formats.prediction_json import prediction_from_json
from driftwheel.predictions import Prediction
from driftwheel.store.schema.tables import records

__all__ = ["RecordAnswer", "answers_of_records"]

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """What is known of a record: the model's answer, and the embedding (packed float16) with its space."""

    prediction: Prediction | None
    embedding: bytes | None
    space: str | None


def answers_of_records(
    connection: Connection, model: int, ids: Sequence[str], *, predictions: bool = True, embeddings: bool
) -> dict[str, RecordAnswer]:
    """Return what is known of those of these records that are there, by id.

    Parameters
    ----------
    predictions, embeddings
        What is read of them; the other is None.
    """
    columns = [records.c.id]
    columns += [records.c.prediction] if predictions else []
    columns += [records.c.embedding, records.c.space] if embeddings else []
    found: dict[str, RecordAnswer] = {}
    for begin in range(0, len(ids), _CHUNK):
        query = select(*columns).where(
            records.c.model == model, records.c.id.in_(ids[begin : begin + _CHUNK])
        )
        for row in connection.execute(query):
            said = row.prediction if predictions else None
            found[row.id] = RecordAnswer(
                None if said is None else prediction_from_json(said),
                row.embedding if embeddings else None,
                row.space if embeddings else None,
            )
    return found
