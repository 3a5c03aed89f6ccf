from __future__ import annotations

import itertools
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from tests.workflows.installation import NOW, add_model, log, picture, record, some_records

from driftwheel.profiles import from_bytes
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.operate.apply_retention import (
    archive_old_records,
    delete_unused_blobs,
    drop_unwanted_images,
    keeps_image,
    unused_blobs,
)
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, add_version, create_model
from driftwheel.store.records.record_pages import RecordFilter, page_records
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.windows.archives import archive_of
from driftwheel.store.windows.windows import list_windows

LATER = NOW + timedelta(days=60)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


def settle(engine: Engine, blobs: Blobs) -> None:
    measurers = Measurers(blobs)
    while measure_received(engine, blobs, measurers, now=LATER, threads=1).taken:
        pass
    summarise_windows(engine, now=NOW)


def rows(engine: Engine, model: Model) -> dict[str, StoredRecord]:
    with reading(engine) as connection:
        return {one.id: one for one in page_records(connection, RecordFilter(model.key), limit=1000).rows}


@given(st.binary(min_size=32, max_size=32), st.floats(0, 1), st.floats(0, 1))
def test_what_is_kept_at_one_share_is_kept_at_a_larger(digest: bytes, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert keeps_image(digest, large) or not keeps_image(digest, small)
    assert keeps_image(digest, 1.0)
    assert not keeps_image(digest, 0.0)


def test_the_share_is_met() -> None:
    import hashlib

    kept = sum(keeps_image(hashlib.sha256(bytes([i % 256, i // 256])).digest(), 0.3) for i in range(4000))
    assert abs(kept / 4000 - 0.3) < 0.03


def test_old_records_go_and_their_profiles_stay(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, retention_days=30)
    log(database, blobs, model, some_records(30))
    log(database, blobs, model, [record("new", picture(9999), LATER - timedelta(days=1), camera="1")])
    settle(database, blobs)
    with reading(database) as connection:
        before = {one.key: one.profile for one in list_windows(connection, model.key, profiles=True)}
    dropped = archive_old_records(database, model, now=LATER)
    assert dropped.records == 30
    assert set(rows(database, model)) == {"new"}
    with reading(database) as connection:
        windows = list_windows(connection, model.key, profiles=True)
        archives = {one.key: archive_of(connection, one.key) for one in windows}
    assert {one.key: one.profile for one in windows} == before
    for one in windows:
        if one.start.date() == NOW.date():
            archive = archives[one.key]
            assert archive is not None
            kept = from_bytes(archive).whole()
            assert (kept.n, sum(kept.unreadable.values())) == (one.records, one.rejected)
    assert delete_unused_blobs(database, blobs, dropped.images) == len(dropped.images)
    assert len(list(blobs.walk())) == 1
    assert archive_old_records(database, model, now=LATER).last_key is None


def test_windows_are_only_taken_whole_and_waiting_records_stay(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, retention_days=30, window="day")
    noon = NOW
    log(database, blobs, model, [record("a", picture(1), noon), record("none", None, noon)])
    settle(database, blobs)
    log(database, blobs, model, [record("waits", picture(2), noon)])
    same_day = noon + timedelta(days=30, hours=11)
    assert archive_old_records(database, model, now=same_day).records == 0
    assert archive_old_records(database, model, now=same_day + timedelta(hours=2)).records == 2
    assert set(rows(database, model)) == {"waits"}


def test_without_days_records_stay(database: Engine, blobs: Blobs) -> None:
    model = add_model(database)
    log(database, blobs, model, [record("a", picture(1))])
    settle(database, blobs)
    assert archive_old_records(database, model, now=LATER).records == 0
    assert drop_unwanted_images(database, model).records == 0


def test_a_share_of_the_images_stays_and_the_same_one_again(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, keep_images=0.5)
    records = [record(str(i), picture(i)) for i in range(30)]
    log(database, blobs, model, records)
    assert drop_unwanted_images(database, model).records == 0  # they are not measured yet
    settle(database, blobs)
    dropped = drop_unwanted_images(database, model, limit=11)
    while dropped.last_key is not None:
        delete_unused_blobs(database, blobs, dropped.images)
        dropped = drop_unwanted_images(database, model, after_key=dropped.last_key, limit=11)
    found = rows(database, model)
    kept = {name for name, row in found.items() if row.image is not None}
    assert kept == {one.id for one, _ in records if keeps_image(bytes.fromhex(one.image or ""), 0.5)}
    assert 5 < len(kept) < 25
    assert set(blobs.walk()) == {row.image for row in found.values() if row.image is not None}
    assert all(row.properties for row in found.values())


def test_profiles_only(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, keep_images=0.0)
    log(database, blobs, model, [record(str(i), picture(i)) for i in range(5)])
    settle(database, blobs)
    delete_unused_blobs(database, blobs, drop_unwanted_images(database, model).images)
    assert not list(blobs.walk())
    with reading(database) as connection:
        (window,) = list_windows(connection, model.key)
    assert window.records == 5


def test_images_that_others_use_stay(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, keep_images=0.0)
    shared, alone, artifact = picture(1), picture(2), b"onnx"
    log(database, blobs, model, [record("a", shared), record("b", alone)])
    with writing(database) as connection:
        other = create_model(connection, "other", task="classification", created=NOW, embedder="none")
        add_version(connection, other.key, "1", artifact=blobs.put(artifact), created=NOW)
    log(database, blobs, other, [record("c", shared)])
    settle(database, blobs)
    drop_unwanted_images(database, model)
    unused = unused_blobs(database, list(blobs.walk()))
    assert [blobs.get(one) for one in unused] == [alone]
    assert delete_unused_blobs(database, blobs, blobs.walk()) == 1
    assert sorted(blobs.get(one) for one in blobs.walk()) == sorted([shared, artifact])


def test_deleting_beside_ingest_loses_no_image(database: Engine, blobs: Blobs) -> None:
    """One thread logs the same few images again and again, as ingest does; another deletes what is unused."""
    model = add_model(database, keep_images=0.0)
    images = [picture(i) for i in range(4)]
    stop = threading.Event()
    deleted = [0]

    def delete() -> None:
        while not stop.is_set():
            measure_received(database, blobs, Measurers(blobs), now=NOW, threads=1)
            drop_unwanted_images(database, model)
            deleted.append(delete_unused_blobs(database, blobs, list(blobs.walk())))

    thread = threading.Thread(target=delete)
    thread.start()
    try:
        for i in itertools.count():
            image = images[i % 4]
            log(database, blobs, model, [record(str(i), image)])
            digest = bytes.fromhex(record("x", image)[0].image or "")
            if not blobs.exists(digest):  # as ingest looks once more after the commit
                blobs.put(image)
            rounds = len(deleted) + i // 4 % 2  # now during a round, now between two
            while i % 4 == 3 and thread.is_alive() and len(deleted) <= rounds:
                time.sleep(0.001)  # else there is always a record that waits to be measured
            if sum(deleted) >= 8 or i == 3000:
                break
    finally:
        stop.set()
        thread.join()
    settle(database, blobs)
    assert sum(deleted) >= 8
    assert not [row for row in rows(database, model).values() if row.reason is not None]
