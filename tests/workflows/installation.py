"""A small installation to work on, and all that is kept in it in a form that can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sqlalchemy import Engine

from driftwheel.predictions import Classification, Record
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, create_model, find_model
from driftwheel.store.models.references import list_references
from driftwheel.store.records.record_pages import RecordFilter, page_records
from driftwheel.store.records.records import NewRecord, Outcome
from driftwheel.store.records.writer import write_records
from driftwheel.store.windows.archives import archive_of
from driftwheel.store.windows.verdicts import list_verdicts
from driftwheel.store.windows.window_predictions import archived_predictions, predictions_of
from driftwheel.store.windows.windows import list_windows

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Addresses:
    """What `run.start` reads of the settings."""

    system_database_url: str
    settle_seconds: float = 0.0
    link_base: str | None = None
    allow_private_channels: bool = True
    message_days: int = 90
    history_days: int = 400
    training_commands: bool = False
    max_image_bytes: int = 32 << 20
    max_image_pixels: int = 100_000_000


def addresses(database_url: str, folder: Path) -> Addresses:
    return Addresses(
        database_url if database_url.startswith("postgresql") else f"sqlite:///{folder}/workflows.sqlite"
    )


def picture(seed: int, size: tuple[int, int] = (60, 80)) -> bytes:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    image = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".png", image)[1].tobytes()


def add_model(engine: Engine, *, name: str = "m", **said: Any) -> Model:
    known: dict[str, Any] = {"window": "hour", "segment_tags": ["camera"], "embedder": "gist"}
    with writing(engine) as connection:
        return create_model(connection, name, task="classification", created=NOW, **(known | said))


def record(
    name: str, image: bytes | None, time: datetime = NOW, *, camera: str | None = None, model: str = "m"
) -> tuple[Record, bytes | None]:
    digest = None if image is None else hashlib.sha256(image).hexdigest()
    tags = {} if camera is None else {"camera": camera}
    return Record(name, model, time, tags=tags, image=digest, prediction=Classification("cat")), image


def log(
    engine: Engine,
    blobs: Blobs,
    model: Model,
    records: Sequence[tuple[Record, bytes | None]],
    received: datetime = NOW,
) -> list[Outcome]:
    rows = []
    for one, image in records:
        if image is not None:
            blobs.put(image)
        body = hashlib.sha256(repr(one).encode()).digest()
        rows.append(NewRecord(model.key, one, body, received))
    with writing(engine) as connection:
        return write_records(connection, rows)


def some_records(n: int, *, begin: datetime = NOW, seed: int = 0) -> list[tuple[Record, bytes | None]]:
    """Return records of three cameras over some hours: near-duplicates, a damaged image, one without."""
    records = []
    for i in range(n):
        image: bytes | None = picture(seed + i - (i % 5 == 4))  # every fifth is the one before again
        if i % 7 == 3:
            image = b"\x89PNG\r\n\x1a\n" + bytes([i % 256]) * 40
        if i % 11 == 6:
            image = None
        time = begin + timedelta(minutes=7 * i, microseconds=i)
        records.append(record(f"r{seed}-{i}", image, time, camera=None if i % 13 == 5 else str(i % 3)))
    return records


def everything(engine: Engine, blobs: Blobs) -> dict[str, Any]:
    """Return all that an installation has worked out, without keys and times of work."""
    with reading(engine) as connection:
        model = find_model(connection, "m")
        rows = page_records(connection, RecordFilter(model.key), order="oldest", limit=100_000).rows
        windows = list_windows(connection, model.key, profiles=True)
        archives = {
            one.key: (
                archive_of(connection, one.key),
                predictions_of(connection, one.key),
                archived_predictions(connection, one.key),
            )
            for one in windows
        }
        references = list_references(connection, model.key)
        verdicts = list_verdicts(connection, model.key, documents=True)
    return {
        "records": {
            row.id: (
                *(row.state.name, row.reason, row.image, row.properties, row.embedding),
                *(row.space, row.hash, row.outlier_p, row.width, row.height),
            )
            for row in rows
        },
        "windows": {
            (one.start, one.tag, one.value): (
                *(one.profile, *archives[one.key]),
                *(one.records, one.rejected, one.stale),
            )
            for one in windows
        },
        "references": [(one.kind, one.state, one.reason, one.artifact, one.faults) for one in references],
        "verdicts": {
            (one.start, one.tag, one.value): (
                *(one.answer, one.kind, one.p_value, one.n, one.headline),
                *(one.document, one.observations, one.exemplars),
            )
            for one in verdicts
        },
        "blobs": sorted(blobs.walk()),
    }
