"""A server killed under load, anywhere, has lost nothing it acknowledged, and doubled nothing."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import pytest
from tests.databases import PostgresServer
from tests.ingest.history import History
from tests.ingest.installation import Installation
from tests.ingest.killing import (
    CLIENTS,
    POINTS,
    acknowledged,
    check,
    kill_again_and_again,
    kill_at_each_point,
)
from tests.ingest.load import Client, run_clients

import driftwheel

pytestmark = pytest.mark.long


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "data", database_url)
    made.set_up()
    yield made
    if made.process is not None:
        made.kill()


@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
def test_killed_at_each_point(installation: Installation) -> None:
    kill_at_each_point(installation, POINTS)


def test_every_point_of_ingest_is_tested() -> None:
    package = Path(driftwheel.__file__).parent
    paths = [
        *sorted((package / "services" / "ingest").glob("*.py")),
        package / "services" / "crash_points.py",
        *(package / "store" / "files" / f"{name}.py" for name in ("blobs", "synced_file")),
    ]
    found = {
        name
        for path in paths
        for name in re.findall(r'\b(?:reach|on_step)\("([a-z-]+)"\)', path.read_text(encoding="utf-8"))
    }
    assert found == set(POINTS)


def test_killed_at_random_moments(installation: Installation) -> None:
    moments = 12 if installation.database_url.startswith("sqlite") else 8
    history = kill_again_and_again(installation, moments, seed=1)
    assert acknowledged(history) > 100  # it was under load


@pytest.mark.slow
def test_killed_at_two_hundred_random_moments(installation: Installation) -> None:
    history = kill_again_and_again(installation, 200, seed=2)
    assert acknowledged(history) > 5_000


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_crashes_under_load_and_the_same_server_goes_on(
    installation: Installation, postgres_server: PostgresServer
) -> None:
    """One of its processes is killed; it then ends all others, and recovers from its log."""
    history = History()
    clients = [Client(installation, history, seed) for seed in range(CLIENTS)]
    installation.start()
    for _ in range(5):
        stopping = threading.Event()
        threads = run_clients(clients, stopping)
        time.sleep(0.5)
        postgres_server.kill_one(installation.database_url)
        until_one_ends(threads)
        stopping.set()  # who had no request under way while it was down would go on for ever
        for thread in threads:
            thread.join(timeout=400)
            assert not thread.is_alive()
        for client in clients:
            finish_later(client)
        check(installation, history, clients)
    assert {status for client in clients for status in client.refused} <= {500, 503}
    assert sum(client.refused.total() for client in clients) >= 5
    assert acknowledged(history) > 100
    assert installation.stop() == 0


def until_one_ends(threads: list[threading.Thread]) -> None:
    end = time.monotonic() + 400
    while all(thread.is_alive() for thread in threads):
        assert time.monotonic() < end
        time.sleep(0.05)


def finish_later(client: Client) -> None:
    """Send what had no answer, again and again until it has one."""
    end = time.monotonic() + 60
    while client.open:
        try:
            client.finish()
        except HTTPException:
            assert time.monotonic() < end
            time.sleep(0.1)
