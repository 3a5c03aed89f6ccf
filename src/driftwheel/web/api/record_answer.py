"""Records as they are read back."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from driftwheel.formats.prediction_json import prediction_to_json
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.services.measure.packed_records import unpack_properties
from driftwheel.store.records.feedback import StoredFeedback
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.records.truths import StoredTruth
from driftwheel.store.schema.record_state import RecordState

__all__ = [
    "FeedbackAnswer",
    "RecordAnswer",
    "RecordPage",
    "WholeRecordAnswer",
    "record_answer",
    "whole_answer",
]

StateName = Literal["received", "measured", "rejected", "no_image"]


class RecordAnswer(BaseModel):
    """A record as it is kept."""

    id: str
    model_version: str
    time: datetime = Field(description="When the image was taken, UTC.")
    received: datetime
    tags: dict[str, str]
    image: str | None = Field(description="SHA-256 of the image's file in hexadecimal; null without one.")
    width: int | None
    height: int | None
    prediction: dict[str, Any] | None = Field(description="As it was logged.")
    latency: float | None = Field(description="Seconds.")
    error: str | None
    state: StateName = Field(description="How far the work on the image is.")
    reason: str | None = Field(description="Why the image was rejected.")
    outlier_p: float | None = Field(
        description="Conformal p-value beside the reference, 0…1; small is unusual."
    )
    reconstruction_error: float | None = Field(
        description="How far what an autoencoder makes of the image is from it, in nats a pixel and channel."
    )
    autoencoder: int | None = Field(description="The key of the autoencoder that found it.")


class FeedbackAnswer(BaseModel):
    """What somebody said of a prediction."""

    wrong: bool
    truth: dict[str, Any] | None
    note: str
    received: datetime
    by: str


class WholeRecordAnswer(RecordAnswer):
    """A record with all that is known of it."""

    properties: dict[str, float | None] = Field(description="Measured in the image; null where it has none.")
    truth: dict[str, Any] | None
    feedback: list[FeedbackAnswer]


class RecordPage(BaseModel):
    """Some records, and where the next page begins."""

    records: list[RecordAnswer]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last.")


def record_answer(record: StoredRecord) -> RecordAnswer:
    """Return a record for the API."""
    return RecordAnswer(**_fields(record))


def whole_answer(
    record: StoredRecord, truth: StoredTruth | None, feedback: list[StoredFeedback]
) -> WholeRecordAnswer:
    """Return a record for the API, with all that is known of it."""
    properties: dict[str, float | None] = {}
    if record.properties is not None:
        for name, value in zip(PROPERTY_NAMES, unpack_properties(record.properties).tolist(), strict=True):
            properties[name] = value if math.isfinite(value) else None
    return WholeRecordAnswer(
        **_fields(record),
        properties=properties,
        truth=None if truth is None else prediction_to_json(truth.truth),
        feedback=[
            FeedbackAnswer(
                wrong=one.wrong,
                truth=None if one.truth is None else prediction_to_json(one.truth),
                note=one.note,
                received=one.received,
                by=one.by,
            )
            for one in feedback
        ],
    )


def _fields(record: StoredRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "model_version": record.model_version,
        "time": record.time,
        "received": record.received,
        "tags": dict(record.tags),
        "image": None if record.image is None else record.image.hex(),
        "width": record.width,
        "height": record.height,
        "prediction": None if record.prediction is None else prediction_to_json(record.prediction),
        "latency": record.latency,
        "error": record.error,
        "state": RecordState(record.state).name.lower(),
        "reason": record.reason,
        "outlier_p": record.outlier_p,
        "reconstruction_error": record.reconstruction_error,
        "autoencoder": record.autoencoder,
    }
