"""A disk that takes writes and does not make them last: what could not be synced is not acknowledged."""

from __future__ import annotations

import fnmatch
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ingest.history import History, violations
from tests.ingest.installation import Installation
from tests.ingest.load import Client, run_clients

SOURCE = Path(__file__).with_name("failing_sync.c")


@pytest.fixture(scope="module")
def failing_sync(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that lets fsync and fdatasync fail in the process it is preloaded into."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("A failing fsync needs Linux and a C compiler; install the package `gcc`.")
    library = tmp_path_factory.mktemp("library") / "failing_sync.so"
    command = [compiler, "-shared", "-fPIC", "-Wall", "-o", str(library), str(SOURCE), "-ldl"]
    compiled = subprocess.run(command, check=False, capture_output=True, text=True)
    if compiled.returncode:
        pytest.skip(f"The C compiler here cannot build a library: {compiled.stderr[:500]}")
    return library


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """While this file exists, syncing fails for the paths that the pattern in it fits."""
    return tmp_path / "broken"


@pytest.fixture
def installation(
    database_url: str, failing_sync: Path, broken: Path, tmp_path: Path
) -> Iterator[Installation]:
    made = Installation(tmp_path / "data", database_url)
    made.set_up()
    made.start(LD_PRELOAD=str(failing_sync), FAIL_SYNC=str(broken))
    yield made
    broken.unlink(missing_ok=True)
    if made.process is not None:
        made.kill()


def failed(broken: Path) -> list[str]:
    """The paths that could not be synced."""
    log = broken.with_name(broken.name + ".log")
    return log.read_text().splitlines() if log.exists() else []


def send_until_refused(clients: list[Client]) -> set[int]:
    for thread in run_clients(clients, threading.Event()):
        thread.join(timeout=120)
        assert not thread.is_alive()
    return {status for client in clients for status in client.refused}


def check(installation: Installation, history: History, clients: list[Client]) -> None:
    assert [error for client in clients for error in client.errors] == []
    assert violations(history.events, installation.stored()) == []


BLOB, FOLDER, LOG = "*/blobs/??/.*", "*/blobs/??", "*/driftwheel.sqlite-wal"
ALL_KINDS = ("single", "lines", "images", "truth", "feedback", "profile")


@pytest.mark.parametrize(
    ("database_url", "pattern", "kinds"),
    [
        ("sqlite", LOG, ("single", "lines", "images")),
        ("sqlite", LOG, ("truth", "feedback", "profile")),
        ("sqlite", BLOB, ("images",)),
        ("sqlite", FOLDER, ("images",)),
        ("sqlite", "*", ALL_KINDS),
        ("postgresql", BLOB, ("images",)),
        ("postgresql", FOLDER, ("images",)),
    ],
    indirect=["database_url"],
)
def test_what_cannot_be_synced_is_not_acknowledged_and_later_all_goes_on(
    installation: Installation, broken: Path, pattern: str, kinds: tuple[str, ...]
) -> None:
    history = History()
    clients = [
        Client(installation, history, number, kinds=kinds, side=64, images=10**9) for number in range(3)
    ]

    def go_on() -> None:
        for client in clients:
            client.finish()
            client.open = [client.next_request() for _ in range(5)]
            client.finish()
        check(installation, history, clients)

    go_on()
    before = len(installation.stored())
    assert failed(broken) == []
    for _ in range(3):  # what was refused is sent again
        broken.write_text(pattern)
        assert send_until_refused(clients) == {500}
        broken.unlink()
        check(installation, history, clients)
    assert len(installation.stored()) == before
    assert failed(broken)
    assert all(fnmatch.fnmatchcase(path, pattern) for path in failed(broken))
    go_on()
    assert len(installation.stored()) > before
    broken.write_text(pattern)
    send_until_refused(clients)
    assert installation.kill() == -signal.SIGKILL
    check(installation, history, clients)
    broken.unlink()
    installation.start()
    go_on()
    assert installation.stop() == 0
    assert {event.item for event in history.events} == {item for item, _ in installation.stored()}
