"""Records to be written, for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from driftwheel.predictions import Classification, Prediction, Record
from driftwheel.store.records.records import NewRecord

__all__ = ["NOON", "digest", "new_record"]

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def new_record(
    model: int,
    name: str,
    *,
    content: str = "",
    time: datetime = NOON,
    tags: Mapping[str, str] | None = None,
    image: str | None = "",
    prediction: Prediction | None = None,
) -> NewRecord:
    """A record with the id `name`; with other `content` it is another. `image` "" is one of its own."""
    record = Record(
        id=name,
        model="m",
        model_version="1",
        time=time,
        tags=tags or {},
        image=None if image is None else digest(image or name).hex(),
        width=640,
        height=480,
        prediction=prediction or Classification("cat", {"cat": 0.75}),
        latency=0.01,
    )
    return NewRecord(model, record, digest(f"{name} {content}"), NOON + timedelta(seconds=1))
