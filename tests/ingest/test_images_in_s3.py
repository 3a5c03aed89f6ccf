"""Images that are kept in S3 instead of a folder: nothing acknowledged is lost there either."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from tests.ingest.history import History, violations
from tests.ingest.installation import Installation
from tests.ingest.killing import acknowledged, kill_again_and_again, kill_at_each_point
from tests.ingest.load import Client, run_clients
from tests.s3_server import S3Server
from tests.workflows.installation import NOW, add_model, everything, log, some_records

from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.operate.apply_retention import archive_old_records, delete_unused_blobs
from driftwheel.services.operate.back_up import back_up
from driftwheel.services.operate.restore import restore
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import records

pytestmark = pytest.mark.long

POINTS = {"blob-kept": 6, "blobs-kept": 4, "records-submitted": 5, "commit-begun": 12, "results-known": 4}


class Relay:
    """Stands between a server and S3, and can cut the line."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._cut = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def cut(self) -> None:
        self._cut.set()
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._cut.clear()

    def close(self) -> None:
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self._cut.is_set():
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._target))
                self._open |= {near, far}
                pair = [threading.Thread(target=self._copy, args=ends) for ends in ((near, far), (far, near))]
                self._threads += pair
                for thread in pair:
                    thread.start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            source.shutdown(socket.SHUT_RDWR)
        self._open -= {source}
        source.close()


@pytest.fixture
def installation(database_url: str, s3_server: S3Server, tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "data", database_url, {"DRIFTWHEEL_BLOBS": "s3://bucket/driftwheel"})
    made.set_up()
    yield made
    if made.process is not None:
        made.kill()


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_at_random_moments(installation: Installation) -> None:
    history = kill_again_and_again(installation, 4, seed=3)
    assert acknowledged(history) > 30
    assert not (installation.data / "blobs").exists()


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_at_each_point(installation: Installation) -> None:
    kill_at_each_point(installation, POINTS)


def states(installation: Installation) -> dict[RecordState, int]:
    engine = open_database(installation.database_url)
    try:
        with reading(engine) as connection:
            counts = select(records.c.state, func.count()).group_by(records.c.state)
            return {RecordState(state): count for state, count in connection.execute(counts)}
    finally:
        engine.dispose()


def wait_for(done: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_while_s3_cannot_be_reached_images_are_put_off_and_none_is_given_up(
    installation: Installation, s3_server: S3Server
) -> None:
    relay = Relay(s3_server.port)
    history = History()
    clients = [
        Client(installation, history, seed, kinds=("images",), side=48, images=10**9) for seed in (1, 2)
    ]
    try:
        installation.start(DRIFTWHEEL_WORKER="true", AWS_ENDPOINT_URL=relay.url)
        for client in clients:
            client.open = [client.next_request() for _ in range(40)]
            client.finish()
        relay.cut()
        before = states(installation)
        assert before[RecordState.RECEIVED] > 0  # they wait to be measured
        for thread in run_clients(clients, threading.Event()):
            thread.join(timeout=120)
            assert not thread.is_alive()
        assert {status for client in clients for status in client.refused} == {503}
        others = Client(installation, history, 3, kinds=("single", "lines", "truth"))
        others.open = [others.next_request() for _ in range(5)]
        others.finish()  # what has no image is taken all the while
        time.sleep(3)  # the worker tries again, and fails again
        assert RecordState.REJECTED not in states(installation)
        relay.mend()
        for client in clients:
            client.finish()
        wait_for(lambda: RecordState.RECEIVED not in states(installation))
        assert RecordState.REJECTED not in states(installation)
        assert states(installation)[RecordState.MEASURED] > before[RecordState.RECEIVED]
        assert installation.stop() == 0
    finally:
        relay.close()
    assert violations(history.events, installation.stored()) == []


@pytest.fixture
def blobs(s3_server: S3Server) -> Blobs:
    return Blobs.open("s3://bucket/driftwheel")


def test_retention_deletes_there(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, retention_days=30)
    log(database, blobs, model, some_records(12))
    later = NOW + timedelta(days=60)
    measurers = Measurers(blobs)
    while measure_received(database, blobs, measurers, now=later, threads=1).taken:
        pass
    summarise_windows(database, now=NOW)
    assert len(list(blobs.walk())) > 5
    dropped = archive_old_records(database, model, now=later)
    assert delete_unused_blobs(database, blobs, dropped.images) == len(dropped.images)
    assert list(blobs.walk()) == []
    assert blobs.system.find("bucket") == []  # nothing is left beside them


@pytest.mark.parametrize("target", ["s3://other-bucket", "folder"])
def test_a_backup_holds_the_images_and_brings_them_back_anywhere(
    database: Engine, blobs: Blobs, tmp_path: Path, target: str
) -> None:
    log(database, blobs, add_model(database), some_records(12))
    saved = back_up(database, blobs, tmp_path / "one.tar", now=NOW)
    assert saved.manifest.blobs == len(list(blobs.walk())) > 5
    assert saved.manifest.missing == ()
    there = Blobs.open(target if "://" in target else str(tmp_path / target))
    engine = open_database(f"sqlite:///{tmp_path / 'restored.sqlite'}")
    try:
        restore(tmp_path / "one.tar", engine, there, scratch=tmp_path, workflows=None, now=NOW, by="test")
        assert everything(engine, there) == everything(database, blobs)
    finally:
        engine.dispose()


def test_workers_in_other_processes_read_there(database: Engine, blobs: Blobs) -> None:
    log(database, blobs, add_model(database), some_records(12))
    measured = measure_received(database, blobs, Measurers(blobs), now=NOW, threads=2)
    assert measured.measured > 5
