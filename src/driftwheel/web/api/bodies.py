"""What clients send, as JSON: records, predictions, truths and feedback, and their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationError,
)

from driftwheel.errors import UsageError
from driftwheel.predictions import Box, Classification, Detection, Feedback, Prediction, Record
from driftwheel.web.problems import mistakes_of, sentence_of

__all__ = [
    "ASKED",
    "FEEDBACK",
    "RECORD",
    "TRUTH",
    "AskedBody",
    "BoxBody",
    "ClassificationBody",
    "DetectionBody",
    "FeedbackBody",
    "PredictionBody",
    "RecordBody",
    "TruthBody",
    "parse",
    "to_feedback",
    "to_prediction",
    "to_record",
]

_Value = TypeVar("_Value")
_LONGEST = 1024 * 1024  # bytes of one object: 10,000 boxes
_MOST_MISTAKES = 1000
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True, strict=True)
Id = Annotated[str, Field(min_length=1, max_length=128, examples=["line-2/000123"])]
Label = Annotated[str, Field(min_length=1, max_length=256, examples=["cat"])]
Score = Annotated[float, Field(ge=0, le=1)]


class BoxBody(BaseModel):
    """One object in an image, in pixels of the upright image (EXIF orientation baked in)."""

    model_config = _STRICT

    label: Label = Field(alias="class")
    x: float = Field(description="Left edge.")
    y: float = Field(description="Upper edge.")
    w: float = Field(gt=0, description="Width.")
    h: float = Field(gt=0, description="Height.")
    score: Score | None = None


class ClassificationBody(BaseModel):
    """The class of an image, with as many scores as there are."""

    model_config = _STRICT

    label: Label = Field(alias="class")
    scores: dict[Label, Score] = Field(default_factory=dict, examples=[{"cat": 0.9, "dog": 0.1}])


class DetectionBody(BaseModel):
    """The objects in an image; none is an answer too."""

    model_config = _STRICT

    boxes: list[BoxBody] = Field(max_length=10_000)


def _kind(value: Any) -> str:
    return "detection" if isinstance(value, Mapping) and "boxes" in value else "classification"


PredictionBody = Annotated[
    Annotated[ClassificationBody, Tag("classification")] | Annotated[DetectionBody, Tag("detection")],
    Discriminator(_kind),
]


class RecordBody(BaseModel):
    """One prediction in production."""

    model_config = _STRICT

    id: Id | None = Field(
        None,
        description="Unique in the model. Told twice with the same content a record counts once, so a "
        "request without an answer can be sent again. Without an id the server gives one, and it cannot.",
    )
    time: AwareDatetime | None = Field(
        None,
        description="When the image was taken, with its time zone. May be left out where `id` is.",
        examples=["2026-03-04T05:06:07.5Z"],
    )
    model_version: str = Field("", max_length=128)
    tags: dict[str, str] = Field(default_factory=dict, examples=[{"camera": "2", "site": "north"}])
    width: int | None = Field(None, gt=0, lt=2**31, description="Of the upright image, in pixels.")
    height: int | None = Field(None, gt=0, lt=2**31, description="Of the upright image, in pixels.")
    prediction: PredictionBody | None = None
    latency: float | None = Field(None, ge=0, description="Of the inference, in seconds.")
    error: str | None = Field(None, max_length=10_000, description="Why the model gave no prediction.")


class AskedBody(BaseModel):
    """What is said of an image that a prediction is asked for; all of it may be left out."""

    model_config = _STRICT

    id: Id | None = Field(None, description="Of the record; unique in the model.")
    time: AwareDatetime | None = Field(None, description="When it was taken; by default now.")
    tags: dict[str, str] = Field(default_factory=dict, examples=[{"camera": "2"}])


class TruthBody(BaseModel):
    """The right answer for one record; it may come before the record, and again: the last one counts."""

    model_config = _STRICT

    record: Id = Field(description="The record's id.")
    truth: PredictionBody


class FeedbackBody(BaseModel):
    """What a user of the model says of one prediction."""

    model_config = _STRICT

    record: Id = Field(description="The record's id.")
    wrong: bool = Field(description="Whether the prediction was wrong.")
    truth: PredictionBody | None = Field(None, description="The right answer, where it is known.")
    note: str = Field("", max_length=10_000)


RECORD: TypeAdapter[RecordBody] = TypeAdapter(RecordBody)
TRUTH: TypeAdapter[TruthBody] = TypeAdapter(TruthBody)
FEEDBACK: TypeAdapter[FeedbackBody] = TypeAdapter(FeedbackBody)
ASKED: TypeAdapter[AskedBody] = TypeAdapter(AskedBody)


def parse(adapter: TypeAdapter[_Value], text: bytes) -> _Value:
    """Return what a JSON text says.

    Raises
    ------
    UsageError
        When it is no JSON, not of this form, or longer than 1 MiB.
    """
    if len(text) > _LONGEST:
        raise UsageError(f"It has {len(text):,} bytes; one object may have {_LONGEST:,}.")
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        raise UsageError(_why_not(error)) from None


def _why_not(error: ValidationError) -> str:
    if error.error_count() > _MOST_MISTAKES:  # each would become a dictionary
        return f"There are {error.error_count():,} mistakes in it; see the reference of the API."
    return sentence_of(
        mistakes_of(error.errors(include_url=False, include_input=False, include_context=False))
    )


def to_record(body: RecordBody, model: str, *, new_id: Callable[[], str], received: datetime) -> Record:
    """Return the value of a record.

    Parameters
    ----------
    body
        What was sent.
    model
        Name of the model it was sent for.
    new_id
        Makes what it is called when the client gave no id.
    received
        Taken for its time when the client gave neither id nor time.

    Raises
    ------
    UsageError
        When it has an id but no time: sent again, it would be another record.
    """
    if body.time is None and body.id is not None:
        raise UsageError("The record has an id but no time. Give its time too, so that it can be sent again.")
    try:
        time = received if body.time is None else body.time.astimezone(UTC)
    except OverflowError:
        raise UsageError(f"The time {body.time} is too early.") from None
    return Record(
        body.id if body.id is not None else new_id(),
        model,
        time,
        body.model_version,
        body.tags,
        None,
        body.width,
        body.height,
        None if body.prediction is None else to_prediction(body.prediction),
        body.latency,
        body.error,
    )


def to_feedback(body: FeedbackBody) -> Feedback:
    """Return the value of a feedback."""
    truth = None if body.truth is None else to_prediction(body.truth)
    return Feedback(body.record, body.wrong, truth, body.note)


def to_prediction(body: ClassificationBody | DetectionBody) -> Prediction:
    """Return the value of a prediction or a truth."""
    if isinstance(body, ClassificationBody):
        return Classification(body.label, body.scores)
    return Detection(tuple(Box(one.label, one.x, one.y, one.w, one.h, one.score) for one in body.boxes))
