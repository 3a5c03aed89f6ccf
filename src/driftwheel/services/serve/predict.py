"""Answer with the champion of a model, and log what it said: an answer that was given is kept.

Check → ask the champion → keep the image and the record → answer. What is told to the caller is on disk, by
the promise of `driftwheel.services.ingest.ingest_records`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from driftwheel.errors import DriftwheelError, UnavailableError, UnreadableImageError, UsageError
from driftwheel.images.decode import decode
from driftwheel.predictions import Classification, Record
from driftwheel.services.ingest.check_upload import check_upload
from driftwheel.services.ingest.ingest_checks import check_record
from driftwheel.services.ingest.ingest_records import Incoming, Ingest, Limits
from driftwheel.services.serve.served_models import Served
from driftwheel.store.engine.database import reading
from driftwheel.store.records.records import find_record

__all__ = ["AnsweredBefore", "Asked", "Predicted", "Taken", "ask_champion", "find_answer", "keep_answer"]


class AnsweredBefore(UsageError):  # noqa: N818  what happened, not what failed
    """Other content was kept under this id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An image to be answered, as it was sent.

    Attributes
    ----------
    id
        Of the record; unique in the model.
    time
        When the image was taken, UTC.
    image
        Its file.
    """

    id: str
    time: datetime
    image: bytes
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Predicted:
    """What the champion said.

    Attributes
    ----------
    seconds
        That decoding the image and asking the champion took.
    """

    version: str
    prediction: Classification
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What the caller is told.

    Attributes
    ----------
    logged
        ``accepted``: kept now. ``duplicate``: the same image was answered under this id before, and this is
        that answer. ``no``: it could not be kept, and the caller wanted an answer all the same.
    reason
        Why it was not kept.
    """

    id: str
    predicted: Predicted
    logged: Literal["accepted", "duplicate", "no"]
    reason: str | None = None


def ask_champion(served: Served, asked: Asked, *, received: datetime, limits: Limits) -> Predicted:
    """Return what the champion says of an image; nothing is kept.

    Raises
    ------
    UnreadableImageError
        When the image cannot be read, or is too large.
    UsageError
        For tags, a time or an id that could not be kept.
    UnavailableError
        When the champion fails.
    """
    shown = Record(asked.id, served.model.name, asked.time, served.version.name, asked.tags)
    check_record(shown, task=served.model.task, received=received)
    check_upload(asked.image, max_bytes=limits.max_image_bytes, max_pixels=limits.max_image_pixels)
    begun = time.perf_counter()
    pixels = decode(asked.image, max_pixels=limits.max_image_pixels).pixels
    try:
        prepared: NDArray[Any] = served.classifier.prepare(pixels)
        scores = served.classifier.scores(prepared[None])[0]
    except UnreadableImageError:
        raise
    except Exception as error:  # what a model's file does is not ours: any of it may go wrong
        why = str(error) if isinstance(error, DriftwheelError) else f"{type(error).__name__}: {error}"
        raise UnavailableError(
            f"The champion '{served.version.name}' of '{served.model.name}' failed: {why}"
        ) from error
    seconds = time.perf_counter() - begun
    return Predicted(served.version.name, _classification(served.classifier.classes, scores), seconds)


def keep_answer(
    engine: Engine, ingest: Ingest, served: Served, asked: Asked, predicted: Predicted, *, received: datetime
) -> Taken:
    """Keep an image with what was said of it, and return that; it waits for the disk: call it in a thread.

    Where the same was asked by somebody else meanwhile, what they were told is returned.

    Raises
    ------
    AnsweredBefore
        When other content was kept under this id.
    UsageError
        When the record cannot be kept.
    QueueFullError, StorageFullError, DatabaseBusyError
        Nothing can be kept now.
    """
    record = Record(
        asked.id,
        served.model.name,
        asked.time,
        predicted.version,
        asked.tags,
        prediction=predicted.prediction,
        latency=predicted.seconds,
    )
    result = ingest.ingest([Incoming(record, asked.image)], received=received)[0]
    if result.outcome == "conflict":
        meanwhile = find_answer(engine, served.model.key, asked)
        if meanwhile is None:
            raise AnsweredBefore(f"The id '{asked.id}': {result.reason}")
        return meanwhile
    if result.outcome == "rejected":
        raise UsageError(result.reason or "The record cannot be kept.")
    return Taken(asked.id, predicted, "duplicate" if result.outcome == "duplicate" else "accepted")


def find_answer(engine: Engine, model: int, asked: Asked) -> Taken | None:
    """Return what was answered under this id before, None where nothing was.

    So a request whose answer was lost can be sent again: it gets the same answer, whoever is the champion by
    now, and counts once.

    Raises
    ------
    AnsweredBefore
        When it was another image, or nothing was answered.
    """
    with reading(engine) as connection:
        found = find_record(connection, model, asked.id)
    if found is None:
        return None
    if found.image != hashlib.sha256(asked.image).digest() or not isinstance(
        found.prediction, Classification
    ):
        raise AnsweredBefore(
            f"Under the id '{asked.id}' another image was logged before, and stays; give each image an id of "
            "its own."
        )
    return Taken(asked.id, Predicted(found.model_version, found.prediction, found.latency), "duplicate")


def _classification(classes: tuple[str, ...], scores: NDArray[np.float32]) -> Classification:
    told = {name: min(1.0, max(0.0, float(score))) for name, score in zip(classes, scores, strict=True)}
    return Classification(classes[int(scores.argmax())], told)
