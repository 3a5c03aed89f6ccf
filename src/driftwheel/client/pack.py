"""From what a caller logged to what is sent: encode the image, read the prediction, write the JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

from driftwheel.client.entries import Entry, LoggedFeedback, LoggedProfile, LoggedRecord, LoggedTruth
from driftwheel.client.held_image import encode_image
from driftwheel.client.held_prediction import HeldPrediction, Names
from driftwheel.client.item import Item, Kind
from driftwheel.client.read_prediction import read_prediction
from driftwheel.errors import UsageError
from driftwheel.formats.prediction_json import prediction_to_json
from driftwheel.predictions import Classification, Detection
from driftwheel.profiles import Profile, ProfileSet, single, to_bytes

__all__ = ["pack"]


def pack(
    entry: Entry,
    *,
    model_version: str = "",
    classes: Names | None = None,
    jpeg_quality: int | None = 95,
    send_images: bool = True,
) -> Item:
    """Return the item to send for an entry.

    Parameters
    ----------
    entry
        What was logged.
    model_version, classes, jpeg_quality, send_images
        As `driftwheel.client.Client` takes them.

    Raises
    ------
    DriftwheelError
        For an image or a prediction that cannot be read; the message is for the log.
    """
    match entry:
        case LoggedRecord():
            return _pack_record(entry, model_version, classes, jpeg_quality, send_images)
        case LoggedTruth():
            truth = _truth(entry.truth, classes)
            return Item(Kind.TRUTH, _json({"record": entry.record, "truth": truth}))
        case LoggedFeedback():
            document: dict[str, Any] = {"record": entry.record, "wrong": entry.wrong}
            if entry.truth is not None:
                document["truth"] = _truth(entry.truth, classes)
            if entry.note:
                document["note"] = entry.note
            return Item(Kind.FEEDBACK, _json(document))
        case LoggedProfile():
            return Item(Kind.PROFILE, b"", _profile_file(entry.profile))


def _pack_record(
    entry: LoggedRecord,
    model_version: str,
    classes: Names | None,
    jpeg_quality: int | None,
    send_images: bool,
) -> Item:
    time = entry.time.astimezone(UTC).replace(tzinfo=None)
    document: dict[str, Any] = {"id": entry.id, "time": f"{time.isoformat()}Z"}
    if model_version:
        document["model_version"] = model_version
    if entry.tags:
        document["tags"] = {str(name): str(value) for name, value in entry.tags.items()}
    image = None if entry.image is None else encode_image(entry.image, jpeg_quality)
    if image is not None and image.width is not None:
        document |= {"width": image.width, "height": image.height}
    if entry.prediction is not None:
        document["prediction"] = _prediction(entry.prediction, classes)
    if entry.latency is not None:
        document["latency"] = float(entry.latency)
    if entry.error is not None:
        document["error"] = str(entry.error)
    attachment = image.data if image is not None and send_images else b""
    return Item(Kind.RECORD, _json(document), attachment)


def _prediction(held: HeldPrediction, classes: Names | None) -> dict[str, Any]:
    return prediction_to_json(read_prediction(held, classes))


def _truth(held: HeldPrediction, classes: Names | None) -> dict[str, Any]:
    truth = read_prediction(held, classes)
    if isinstance(truth, Classification):
        return prediction_to_json(Classification(truth.label))
    return prediction_to_json(Detection(tuple(replace(box, score=None) for box in truth.boxes)))


def _profile_file(profile: ProfileSet | Profile | bytes | Path) -> bytes:
    match profile:
        case bytes():
            return profile
        case Path():
            try:
                return profile.read_bytes()
            except OSError as error:
                raise UsageError(f"The profile {profile} cannot be read: {error.strerror}.") from None
        case Profile():
            return to_bytes(single(profile))
        case ProfileSet():
            return to_bytes(profile)


def _json(document: dict[str, Any]) -> bytes:
    try:
        return json.dumps(document, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError) as error:
        raise UsageError(f"It cannot be written as JSON: {error}.") from None
