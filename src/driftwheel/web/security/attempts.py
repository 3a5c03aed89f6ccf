"""How often somebody may fail to log in."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta

__all__ = ["WITHIN", "Attempts"]

WITHIN = timedelta(minutes=5)
"""Failures older than this are forgotten."""

_MOST_OF_BOTH = 5  # of one name from one address
_MOST_OF_ADDRESS = 30  # of any names from one address
_MOST_OF_NAME = 100  # of one name from any addresses: bounds guessing by many without locking a user out at once
_MOST_KEYS = 10_000  # a flood of names must not fill the memory


class Attempts:
    """The failed log-ins of the last five minutes; one object a server, safe among threads.

    A name is given 5 from one address and 100 from all; an address 30. At more than 10,000 names and
    addresses the oldest are forgotten.
    """

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], deque[datetime]] = {}
        self._lock = threading.Lock()

    def wait(self, name: str, address: str, now: datetime) -> timedelta:
        """Return how long this name and address must wait before the next attempt; zero: not at all."""
        with self._lock:
            return max((self._wait(key, most, now) for key, most in _keys(name, address)), default=timedelta())

    def failed(self, name: str, address: str, now: datetime) -> None:
        """Note a failure."""
        with self._lock:
            for key, most in _keys(name, address):
                failures = self._failures.pop(key, deque(maxlen=most))
                failures.append(now)
                self._failures[key] = failures  # the newest stand last
            while len(self._failures) > _MOST_KEYS:
                self._failures.pop(next(iter(self._failures)))

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of this name from this address."""
        with self._lock:
            self._failures.pop((name, address), None)

    def _wait(self, key: tuple[str, str], most: int, now: datetime) -> timedelta:
        failures = self._failures.get(key)
        if failures is None:
            return timedelta()
        while failures and failures[0] <= now - WITHIN:
            failures.popleft()
        if not failures:
            del self._failures[key]
        return failures[0] + WITHIN - now if len(failures) >= most else timedelta()


def _keys(name: str, address: str) -> Iterator[tuple[tuple[str, str], int]]:
    yield (name, address), _MOST_OF_BOTH
    yield ("", address), _MOST_OF_ADDRESS
    yield (name, ""), _MOST_OF_NAME
