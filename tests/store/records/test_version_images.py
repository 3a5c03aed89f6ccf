"""Images of measured records with the version they name, on both databases."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from sqlalchemy import Engine

from driftwheel.predictions import Record
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import create_model
from driftwheel.store.records.records import Measurement, NewRecord, next_received, set_measured
from driftwheel.store.records.version_images import VersionImage, version_images
from driftwheel.store.records.writer import write_records

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_measured_records_with_an_image_are_found(database: Engine) -> None:
    digest = hashlib.sha256(b"image").digest()
    with writing(database) as connection:
        model = create_model(connection, "m", task="classification", created=NOW).key
        rows = []
        for name, image in (
            ("b", digest),
            ("a", digest),
            ("bare", None),
            ("torn", digest),
            ("waits", digest),
        ):
            record = Record(name, "m", NOW, model_version="v2", image=None if image is None else image.hex())
            rows.append(NewRecord(model, record, hashlib.sha256(name.encode()).digest(), NOW))
        write_records(connection, rows)
        keys = {row.id: row.key for row in next_received(connection, 0, 10)}
        measured = [Measurement(keys[name], properties=b"") for name in ("a", "b")]
        set_measured(connection, [*measured, Measurement(keys["torn"], reason="truncated")])
    with reading(database) as connection:
        found = version_images(connection, model, ["waits", "torn", "b", "bare", "a", "unknown", "a"])
    assert found == [VersionImage("a", "v2", digest), VersionImage("b", "v2", digest)]
