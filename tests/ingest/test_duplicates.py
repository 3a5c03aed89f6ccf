"""Ten times the same, in any order, gives the same profiles to the last byte, on either database."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Engine

from driftwheel.predictions import Classification, Record
from driftwheel.services.ingest.ingest_records import Incoming, Ingest
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.settings import Settings
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import create_model, find_model
from driftwheel.store.records.writer import RecordWriter
from driftwheel.store.windows.windows import list_windows

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
START = datetime(2026, 3, 28, 22, tzinfo=UTC)  # over a midnight, and the hour that Europe skips


def jpeg(number: int) -> bytes:
    noise = np.random.default_rng(number).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize((80, 64)).save(file, "JPEG")
    data = file.getvalue()
    return data[:-200] if number % 9 == 8 else data  # some cannot be read


RECORDS = [
    Incoming(
        Record(
            f"r{number}",
            "cats",
            START + timedelta(minutes=15 * (number // 2)),  # two at each moment
            tags={"camera": str(number % 3)},
            prediction=Classification("cat", {"cat": number / 30}),
        ),
        jpeg(number % 20),  # some images come twice
    )
    for number in range(30)
]


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    migrate(engine)
    yield engine
    engine.dispose()


def profiles_after(
    engine: Engine, folder: Path, calls: Sequence[Sequence[Incoming]], measure_every: int
) -> dict[tuple[datetime, str, str], tuple[bytes | None, int, int]]:
    """The windows after these calls of ingest, with a burst of measuring now and then between them."""
    with writing(engine) as connection:
        create_model(connection, "cats", task="classification", created=NOW, segment_tags=["camera"])
    settings = Settings.load(data=folder, disk_reserve_bytes=0)
    blobs = Blobs.open(settings.blobs)
    measurers = Measurers(blobs)
    with RecordWriter(engine, most_waiting=10_000) as writer:
        ingest = Ingest(engine, blobs, writer, settings)
        for number, call in enumerate(calls):
            results = ingest.ingest(call, received=NOW)
            assert {result.outcome for result in results} <= {"accepted", "duplicate"}
            if number % measure_every == 0:
                measure_received(engine, blobs, measurers, now=NOW, limit=3)
                summarise_windows(engine, now=NOW, limit=1)
    while measure_received(engine, blobs, measurers, now=NOW).taken:
        pass
    while summarise_windows(engine, now=NOW).last_key is not None:
        pass
    with reading(engine) as connection:
        found = list_windows(connection, find_model(connection, "cats").key, profiles=True)
    return {(one.start, one.tag, one.value): (one.profile, one.records, one.rejected) for one in found}


def test_duplicates_in_any_order_change_no_byte(database: Engine, other: Engine, tmp_path: Path) -> None:
    shuffled = RECORDS * 10
    random.Random(0).shuffle(shuffled)
    calls = [shuffled[start : start + 7] for start in range(0, len(shuffled), 7)]
    once = profiles_after(other, tmp_path / "once", [RECORDS], 1000)
    often = profiles_after(database, tmp_path / "often", calls, 5)
    assert len(once) == 2 * (1 + 3)  # two days, each whole and by camera
    assert sum(rejected for (_, tag, _), (_, _, rejected) in once.items() if not tag) == 3
    assert once == often
    assert all(profile for profile, _, _ in once.values())
