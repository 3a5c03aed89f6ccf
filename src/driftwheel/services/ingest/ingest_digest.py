"""The digest of what a client told: told again, the same gives the same, in every release."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from driftwheel.errors import UsageError
from driftwheel.predictions import Classification, Prediction, Record

__all__ = ["body_digest", "canonical_body", "canonical_prediction"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


def body_digest(body: bytes, image: str | None) -> bytes:
    """Return 32 bytes for a canonical body and the hexadecimal SHA-256 of the image told with it."""
    return hashlib.sha256(body if image is None else body + b"\0" + image.encode()).digest()


def canonical_body(record: Record) -> bytes:
    """Return a record as the one JSON text that any equal record has; its image and its model are not in it.

    Keys are sorted, numbers are floats as Python writes them, the time is whole microseconds since 1970,
    however the client wrote them.

    Raises
    ------
    UsageError
        When a text is no Unicode or holds NUL, or a number is not finite: the databases could not keep it.

    Examples
    --------
    >>> canonical_body(Record("a", "m", datetime(1970, 1, 1, tzinfo=UTC), latency=1))
    b'{"id":"a","latency":1.0,"time":0}'
    """
    plain: dict[str, Any] = {"id": record.id, "time": (record.time - _EPOCH) // _MICROSECOND}
    if record.model_version:
        plain["model_version"] = record.model_version
    if record.tags:
        plain["tags"] = dict(record.tags)
    if record.width is not None:
        plain["width"] = record.width
    if record.height is not None:
        plain["height"] = record.height
    if record.latency is not None:
        plain["latency"] = float(record.latency)
    if record.error is not None:
        plain["error"] = record.error
    if record.prediction is not None:
        plain["prediction"] = canonical_prediction(record.prediction)
    try:
        body = _encode(plain).encode("utf-8")
    except ValueError as error:  # a lone surrogate is one too
        what = (
            "a text that is no Unicode" if isinstance(error, UnicodeError) else "a number that is not finite"
        )
        raise UsageError(f"The record holds {what}.") from None
    if b"\\u0000" in body and _has_nul(plain):
        raise UsageError("The record holds the character NUL in a text.")
    return body


def canonical_prediction(prediction: Prediction) -> dict[str, Any]:
    """Return a prediction or truth for the canonical JSON, all numbers floats."""
    if isinstance(prediction, Classification):
        return {
            "class": prediction.label,
            "scores": {label: float(score) for label, score in prediction.scores.items()},
        }
    return {
        "boxes": [
            [
                box.label,
                float(box.x),
                float(box.y),
                float(box.width),
                float(box.height),
                None if box.score is None else float(box.score),
            ]
            for box in prediction.boxes
        ]
    }


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(one) for key, one in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))
