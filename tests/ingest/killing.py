"""Kill a server under load, at random moments or between two steps, and look what its store holds."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Mapping

from tests.ingest.history import KEPT, History, violations
from tests.ingest.installation import Installation
from tests.ingest.load import Client, run_clients

__all__ = ["CLIENTS", "POINTS", "acknowledged", "check", "kill_again_and_again", "kill_at_each_point"]

POINTS = {
    "records-checked": 5,
    "blob-written": 3,
    "blob-synced": 3,
    "blob-renamed": 3,
    "blob-kept": 6,
    "blobs-kept": 4,
    "records-submitted": 5,
    "commit-begun": 12,
    "records-committed": 5,
    "results-known": 4,
    "truths-checked": 2,
    "truths-inserted": 2,
    "truths-committed": 2,
    "feedback-inserted": 2,
    "feedback-committed": 2,
    "profile-inserted": 2,
    "profile-committed": 2,
}
"""Each point of ingest, and at which passing the process is killed: some requests were answered before."""

CLIENTS = 4


def check(installation: Installation, history: History, clients: list[Client]) -> None:
    assert [error for client in clients for error in client.errors] == []
    assert violations(history.events, installation.stored()) == []


def acknowledged(history: History) -> int:
    """Return how many items were answered as kept."""
    return len({event.item for event in history.events if event.kind == "answered" and event.value in KEPT})


def kill_again_and_again(installation: Installation, moments: int, seed: int) -> History:
    """Kill the server at random moments under one history, checking between, and finish what was open."""
    chance = random.Random(seed)
    history = History()
    clients = [Client(installation, history, seed * 100 + number) for number in range(CLIENTS)]
    for number in range(moments):
        installation.start()
        stopping = threading.Event()
        threads = run_clients(clients, stopping)
        until_grown(history, len(history.events) + chance.randrange(200), threads)
        time.sleep(chance.uniform(0, 0.05))
        assert installation.kill() == -signal.SIGKILL
        stopping.set()
        for thread in threads:
            thread.join()
        if number < 10 or number % 10 == 0:  # what is lost or doubled stays so, and is found later
            check(installation, history, clients)
    finish(installation, history, clients)
    return history


def until_grown(history: History, events: int, clients: list[threading.Thread]) -> None:
    """Wait until there are so many events, as long as anybody makes any."""
    while len(history.events) < events and any(client.is_alive() for client in clients):
        time.sleep(0.001)


def kill_at_each_point(installation: Installation, points: Mapping[str, int]) -> History:
    history = History()
    clients = [Client(installation, history, number) for number in range(CLIENTS)]
    for point, times in points.items():
        installation.start(DRIFTWHEEL_CRASH_AT=f"{point}:{times}")
        threads = run_clients(clients, threading.Event())
        assert installation.wait() == -signal.SIGKILL, point
        for thread in threads:
            thread.join()
        check(installation, history, clients)
    finish(installation, history, clients)
    return history


def finish(installation: Installation, history: History, clients: list[Client]) -> None:
    """Send what had no answer; then everything that was ever sent is there."""
    installation.start()
    for client in clients:
        client.finish()
    assert installation.stop() == 0
    check(installation, history, clients)
    assert {event.item for event in history.events} == {item for item, _ in installation.stored()}
