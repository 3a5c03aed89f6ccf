"""How often somebody may fail to log in."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta

__all__ = ["WITHIN", "Attempts"]

WITHIN = timedelta(minutes=5)
"""Attempts older than this are forgotten."""

_MOST_OF_BOTH = 5  # of one name from one address
_MOST_OF_ADDRESS = 30  # of any names from one address
_MOST_OF_NAME = (
    100  # of one name from any addresses: bounds guessing by many without locking a user out at once
)
_LONGEST = 128  # characters of a name that count
_MOST_KEYS = 10_000  # a flood of names must not fill the memory


class Attempts:
    """The attempts to log in of the last five minutes; one object a server, safe among threads.

    Routes do not use it themselves: `driftwheel.web.sign_in.sign_in` is the one way to log in.

    A name has 5 from one address and 100 from all; an address 30. At more than 10,000 names and
    addresses the oldest are forgotten.
    """

    def __init__(self) -> None:
        self._attempts: dict[tuple[str, str], deque[datetime]] = {}
        self._lock = threading.Lock()

    def begin(self, name: str, address: str, now: datetime) -> timedelta:
        """Note an attempt and return zero; or, where there were too many, return how long to wait.

        It counts as failed until `succeeded`, so that attempts at once are no way around.
        """
        name = name[:_LONGEST].casefold()
        with self._lock:
            wait = max(self._wait(key, most, now) for key, most in _keys(name, address))
            if wait > timedelta():
                return wait
            for key, most in _keys(name, address):
                attempts = self._attempts.pop(key, deque(maxlen=most))
                attempts.append(now)
                self._attempts[key] = attempts  # the newest stand last
            while len(self._attempts) > _MOST_KEYS:
                self._attempts.pop(next(iter(self._attempts)))
        return timedelta()

    def succeeded(self, name: str, address: str) -> None:
        """Forget what this name tried from this address, and one attempt of each alone."""
        name = name[:_LONGEST].casefold()
        with self._lock:
            self._attempts.pop((name, address), None)
            for key in (("", address), (name, "")):
                if self._attempts.get(key):
                    self._attempts[key].pop()

    def _wait(self, key: tuple[str, str], most: int, now: datetime) -> timedelta:
        attempts = self._attempts.get(key)
        if attempts is None:
            return timedelta()
        while attempts and attempts[0] <= now - WITHIN:
            attempts.popleft()
        return attempts[0] + WITHIN - now if len(attempts) >= most else timedelta()


def _keys(name: str, address: str) -> Iterator[tuple[tuple[str, str], int]]:
    yield (name, address), _MOST_OF_BOTH
    yield ("", address), _MOST_OF_ADDRESS
    yield (name, ""), _MOST_OF_NAME
