"""Whoever changes rows locks them in one order: nobody waits for another in a circle, on PostgreSQL."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.databases import PostgresServer
from tests.workflows.installation import NOW, add_model, log, picture, record

from driftwheel.services.measure.backfill import backfill_records
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.operate.apply_retention import archive_old_records, drop_unwanted_images
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model
from driftwheel.store.records.record_locks import lock_records
from driftwheel.store.records.record_pages import RecordFilter, page_records

LATER = NOW + timedelta(days=60)
SECONDS = 6.0


@pytest.fixture
def postgresql(postgres_server: PostgresServer) -> Iterator[Engine]:
    name = f"test_{uuid.uuid4().hex}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    engine = open_database(postgres_server.url(name))
    migrate(engine)
    yield engine
    engine.dispose()
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def some(rng: random.Random, n: int) -> list[tuple[object, bytes | None]]:
    """Records in any order over some old hours and cameras, so that every transaction has many windows."""
    return [
        record(
            str(rng.random()),
            picture(rng.randrange(20), (16, 16)),
            NOW + timedelta(minutes=rng.randrange(240)),
            camera=str(rng.randrange(4)),
        )
        for _ in range(n)
    ]


def test_backfill_retention_and_ingest_never_wait_in_a_circle(postgresql: Engine, tmp_path: Path) -> None:
    engine = postgresql
    blobs = Blobs.open(str(tmp_path / "blobs"))
    model = add_model(engine, embedder="none", retention_days=30, keep_images=0.3)
    measurers = Measurers(blobs)
    until = time.monotonic() + SECONDS
    failed: list[BaseException] = []
    rounds: dict[str, int] = {}

    def again_and_again(name: str, work: Callable[[random.Random], object]) -> threading.Thread:
        def run() -> None:
            rng = random.Random(name)
            try:
                while time.monotonic() < until and not failed:
                    work(rng)
                    rounds[name] = rounds.get(name, 0) + 1
            except BaseException as error:  # a deadlock ends one of those in it, with an error
                failed.append(error)

        return threading.Thread(target=run)

    def retain(rng: random.Random) -> None:
        archive_old_records(engine, model, now=LATER, limit=rng.randrange(1, 40))

    def drop(rng: random.Random) -> None:
        drop_unwanted_images(engine, model, limit=rng.randrange(1, 80))

    def fill(rng: random.Random) -> None:
        chosen = RecordFilter(model.key)
        backfill_records(engine, blobs, measurers, chosen, now=LATER, limit=rng.randrange(1, 60), threads=1)

    threads = [
        again_and_again("retention", retain),
        again_and_again("images", drop),
        again_and_again("backfill 1", fill),
        again_and_again("backfill 2", fill),
        again_and_again("ingest 1", lambda rng: log(engine, blobs, model, some(rng, 40))),
        again_and_again("ingest 2", lambda rng: log(engine, blobs, model, some(rng, 40))),
        again_and_again(
            "measure", lambda _: measure_received(engine, blobs, measurers, now=LATER, limit=64, threads=1)
        ),
        again_and_again("summarise", lambda _: summarise_windows(engine, now=NOW)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(rounds) == len(threads)
    assert min(rounds.values()) >= 3, rounds


def test_locked_records_are_as_they_are_now(database: Engine, tmp_path: Path) -> None:
    model: Model = add_model(database, embedder="none")
    blobs = Blobs.open(str(tmp_path / "blobs"))
    log(database, blobs, model, [record(str(i), None) for i in range(5)])
    with reading(database) as connection:
        keys = [row.key for row in page_records(connection, RecordFilter(model.key), limit=10).rows]
    with database.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM records WHERE key = {keys[2]}")
        found = lock_records(connection, [*keys, 10**6, keys[0]])
    assert [row.key for row in found] == sorted({*keys} - {keys[2]})
    with database.begin() as connection:
        assert lock_records(connection, []) == []
