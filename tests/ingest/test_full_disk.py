"""A full disk, or one that fails: nothing is acknowledged that is not kept, and later all goes on."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select
from tests.databases import PostgresServer
from tests.ingest.history import History, violations
from tests.ingest.installation import Installation
from tests.ingest.load import Client, run_clients

from driftwheel.errors import StorageFullError
from driftwheel.predictions import Record
from driftwheel.services.ingest.ingest_records import Incoming, Ingest
from driftwheel.settings import Settings
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import create_model
from driftwheel.store.records.writer import RecordWriter
from driftwheel.store.schema.tables import records

MIB = 2**20
NOW = datetime(2026, 3, 4, tzinfo=UTC)


@contextmanager
def mounted(disk: Path) -> Iterator[Path]:
    """A disk of 24 MiB of its own, of which a file to be deleted takes a third."""
    if os.geteuid() != 0:
        pytest.skip("Only root can mount a small disk.")
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], check=False, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"No small disk can be mounted here: {done.stderr.strip()}")
    try:
        (disk / "filler").write_bytes(bytes(8 * MIB))
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
        disk.rmdir()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk that nobody else may look into."""
    with mounted(tmp_path / "disk") as disk:
        yield disk


def clients_of(installation: Installation, history: History, kinds: tuple[str, ...]) -> list[Client]:
    return [Client(installation, history, number, kinds=kinds, side=128, images=10**9) for number in range(3)]


def check(installation: Installation, history: History, clients: list[Client]) -> None:
    assert [error for client in clients for error in client.errors] == []
    assert violations(history.events, installation.stored()) == []


def fill(installation: Installation, clients: list[Client]) -> set[int]:
    """Send until nothing more is taken, and return the statuses by which it was refused."""
    for thread in run_clients(clients, threading.Event()):
        thread.join(timeout=120)
        assert not thread.is_alive()
    return {status for client in clients for status in client.refused}


@pytest.mark.parametrize(
    ("reserve", "kinds"),
    [
        (0, ("images", "single")),  # the blobs find it full
        (0, ("lines", "truth", "feedback", "profile")),  # the database does
        (4 * MIB, ("images", "lines", "truth", "feedback", "profile")),
    ],
)
def test_a_full_disk(small_disk: Path, reserve: int, kinds: tuple[str, ...]) -> None:
    data = small_disk / "data"
    settings = {"DRIFTWHEEL_DISK_RESERVE_BYTES": str(reserve)}
    installation = Installation(data, f"sqlite:///{data}/driftwheel.sqlite", settings)
    installation.set_up()
    history = History()
    clients = clients_of(installation, history, kinds)
    if "images" not in kinds:
        (small_disk / "more").write_bytes(bytes(12 * MIB))
    installation.start()
    try:
        assert fill(installation, clients) == {507}
        check(installation, history, clients)
        if reserve:
            disk = os.statvfs(small_disk)
            assert disk.f_bavail * disk.f_frsize > reserve - 2 * MIB
        kept = len(installation.stored())
        assert kept > 20
        (small_disk / "filler").unlink()
        for client in clients:
            client.finish()
        assert len(installation.stored()) > kept
    finally:
        assert installation.stop() == 0
    check(installation, history, clients)
    assert {event.item for event in history.events} == {item for item, _ in installation.stored()}


@pytest.fixture
def small_database(postgres_server: PostgresServer) -> Iterator[tuple[str, Path]]:
    """The URL of a database of PostgreSQL whose tables lie on a small disk, and that disk."""
    name = f"full_{uuid.uuid4().hex}"
    with mounted(postgres_server.socket / name) as disk:
        place = disk / "tables"
        place.mkdir()
        shutil.chown(place, postgres_server.socket.owner())
        postgres_server.execute(f"CREATE TABLESPACE {name} LOCATION '{place}'")
        postgres_server.execute(f"CREATE DATABASE {name} TABLESPACE {name}")
        try:
            yield postgres_server.url(name), disk
        finally:
            postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")
            postgres_server.execute(f"DROP TABLESPACE {name}")


def test_a_full_disk_of_postgresql(tmp_path: Path, small_database: tuple[str, Path]) -> None:
    """The disk of the tables alone is full: images and PostgreSQL's log lie elsewhere."""
    url, disk = small_database
    installation = Installation(tmp_path / "data", url)
    installation.set_up()
    history = History()
    clients = clients_of(installation, history, ("images", "lines", "truth", "feedback", "profile"))
    (disk / "room").write_bytes(bytes(MIB))
    free = os.statvfs(disk)
    (disk / "more").write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - 2 * MIB)))
    installation.start()
    try:
        assert {507} <= fill(installation, clients) <= {503, 507}
        (disk / "room").unlink()  # PostgreSQL may have to write its relation cache before it lets anyone in
        check(installation, history, clients)
        kept = len(installation.stored())
        assert kept > 20
        (disk / "filler").unlink()
        for client in clients:
            client.finish()
        assert len(installation.stored()) > kept
    finally:
        assert installation.stop() == 0
    check(installation, history, clients)


@pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="Only Linux changes the limits of another process."
)
@pytest.mark.parametrize("kinds", [("images",), ("single", "lines"), ("truth", "feedback", "profile")])
def test_a_disk_that_fails(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    """No file of the server may grow for a while: each write that would is an error of the disk."""
    data = tmp_path / "data"
    installation = Installation(data, f"sqlite:///{data}/driftwheel.sqlite")
    installation.set_up()
    history = History()
    clients = clients_of(installation, history, kinds)
    for client in clients:
        client.open = [client.next_request() for _ in range(5)]
    installation.start()
    try:
        assert installation.process is not None
        for client in clients:
            client.finish()
        before = resource.prlimit(
            installation.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY)
        )
        statuses = fill(installation, clients)
        assert statuses <= {500, 507}
        assert statuses
        check(installation, history, clients)
        resource.prlimit(installation.process.pid, resource.RLIMIT_FSIZE, before)
        for client in clients:
            client.finish()
    finally:
        assert installation.stop() == 0
    check(installation, history, clients)
    assert {event.item for event in history.events} == {item for item, _ in installation.stored()}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'driftwheel.sqlite'}")
    migrate(engine)
    with writing(engine) as connection:
        create_model(connection, "cats", task="classification", created=NOW)
    yield engine
    engine.dispose()


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(records)).scalar_one()


def many(start: int) -> list[Incoming]:
    return [Incoming(Record(str(start + number), "cats", NOW, error="x" * 500)) for number in range(50)]


def test_a_database_at_its_own_bound(engine: Engine, tmp_path: Path) -> None:
    """SQLite's `max_page_count`: full as a disk is, without one."""
    with reading(engine) as connection:
        empty = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    pages = [empty + 100]

    def bound(connection: sqlite3.Connection, entry: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages[0]}").close()

    engine.dispose()
    event.listen(engine, "connect", bound)
    settings = Settings.load(data=tmp_path, disk_reserve_bytes=0)
    kept = 0
    with RecordWriter(engine, most_waiting=1000) as writer:
        ingest = Ingest(engine, Blobs.open(settings.blobs), writer, settings)
        with pytest.raises(StorageFullError, match="The database cannot grow"):  # noqa: PT012
            while kept < 100_000:
                results = ingest.ingest(many(kept), received=NOW)
                assert {result.outcome for result in results} == {"accepted"}
                kept += len(results)
        assert 100 < kept < 100_000
        assert count(engine) == kept
        pages[0] = empty + 10_000
        engine.dispose()
        results = ingest.ingest(many(kept), received=NOW)
        assert {result.outcome for result in results} == {"accepted"}
    assert count(engine) == kept + 50


def test_a_commit_that_fails_answers_with_its_error_and_keeps_nothing(engine: Engine, tmp_path: Path) -> None:
    failing = [True]

    def fail(connection: object) -> None:
        if failing[0]:
            raise sqlite3.OperationalError("disk I/O error")

    settings = Settings.load(data=tmp_path, disk_reserve_bytes=0)
    with RecordWriter(engine, most_waiting=1000) as writer:
        ingest = Ingest(engine, Blobs.open(settings.blobs), writer, settings)
        ingest.ingest(many(0), received=NOW)
        event.listen(engine, "commit", fail)
        handed_over = ingest.submit(many(50), received=NOW)  # the models are known, nothing is read
        with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
            handed_over.result(timeout=30)
        failing[0] = False
        assert count(engine) == 50
        results = ingest.ingest(many(50), received=NOW)
        assert {result.outcome for result in results} == {"accepted"}
    assert count(engine) == 100
