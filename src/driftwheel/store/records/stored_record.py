"""A record as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from driftwheel.formats.prediction_json import prediction_from_json
from driftwheel.predictions import Prediction
from driftwheel.store.schema.record_state import RecordState

__all__ = ["StoredRecord", "stored_record"]


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it is kept; the columns are described in `driftwheel.store.schema.tables`.

    Attributes
    ----------
    model
        The model's key, not its name.
    body, image
        Digests of 32 bytes; no `image` where the client sent none, or where it was thrown away later.
    state
        How far the work on the image is.
    """

    key: int
    model: int
    id: str
    body: bytes
    model_version: str
    time: datetime
    received: datetime
    tags: Mapping[str, str]
    image: bytes | None
    width: int | None
    height: int | None
    prediction: Prediction | None
    latency: float | None
    error: str | None
    state: RecordState
    reason: str | None
    properties: bytes | None
    embedding: bytes | None
    space: str | None
    hash: bytes | None
    outlier_p: float | None
    reconstruction_error: float | None
    autoencoder: int | None


def stored_record(row: Row[Any]) -> StoredRecord:
    """Return the value of one whole row of the table of records."""
    plain = dict(row._mapping)
    said = plain.pop("prediction")
    return StoredRecord(
        **(plain | {"state": RecordState(plain["state"])}),
        prediction=None if said is None else prediction_from_json(said),
    )
