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
    connection: Connection, model: int, ids: Sequence[str], *, embeddings: bool
) -> dict[str, RecordAnswer]:
    """Return what is known of those of these records that are there, by id.

    Parameters
    ----------
    embeddings
        Read embeddings, and no predictions; else the other way round.
    """
    columns = (
        (records.c.id, records.c.embedding, records.c.space)
        if embeddings
        else (records.c.id, records.c.prediction)
    )
    found: dict[str, RecordAnswer] = {}
    for begin in range(0, len(ids), _CHUNK):
        query = select(*columns).where(
            records.c.model == model, records.c.id.in_(ids[begin : begin + _CHUNK])
        )
        for row in connection.execute(query):
            if embeddings:
                found[row.id] = RecordAnswer(None, row.embedding, row.space)
            else:
                said = None if row.prediction is None else prediction_from_json(row.prediction)
                found[row.id] = RecordAnswer(said, None, None)
    return found
