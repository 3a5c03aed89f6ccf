"""What became of everything that was logged, in numbers."""

from __future__ import annotations

import logging
import math
import threading
import time
from dataclasses import dataclass

__all__ = ["Stats", "Tally"]

LOGGER = logging.getLogger("driftwheel.client")


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts since the client was made (in a forked process: since the fork).

    Records, truths, feedback and profiles count alike. As long as no other client uses the same spool, and
    it was empty at the start, ``logged == sent + rejected + dropped + waiting``.

    Attributes
    ----------
    logged
        Calls of `log`, `truth`, `feedback` and `log_profile`.
    sent
        The server has them; what an earlier process left in the spool counts here too.
    dropped
        Lost, because there was no room in memory or the client was closed.
    rejected
        Of no use: the image or prediction cannot be read, or the server refused it for good.
    waiting
        In memory, or in the spool, whoever put it there.
    """

    logged: int
    sent: int
    dropped: int
    rejected: int
    waiting: int


class Tally:
    """Counts, kept by several threads; and a log that says each thing once."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal handler may log while its own thread is counting
        self._counts = {"logged": 0, "sent": 0, "dropped": 0, "rejected": 0, "in_memory": 0}
        self._said: dict[str, float] = {}

    def logged(self) -> None:
        """Count one more that was logged, and is in memory."""
        with self._lock:
            self._counts["logged"] += 1
            self._counts["in_memory"] += 1

    def left_memory(self, n: int = 1, *, sent: int = 0, dropped: int = 0, rejected: int = 0) -> None:
        """Count `n` that are in memory no more, and what became of them (nothing: they are in the spool)."""
        with self._lock:
            self._counts["in_memory"] -= n
            self._counts["sent"] += sent
            self._counts["dropped"] += dropped
            self._counts["rejected"] += rejected

    @property
    def in_memory(self) -> int:
        """How many are in memory, or on their way from there."""
        with self._lock:
            return self._counts["in_memory"]

    def read(self, spooled: int) -> Stats:
        """Return the counts, with so many in the spool."""
        with self._lock:
            counts = dict(self._counts)
        return Stats(waiting=counts.pop("in_memory") + spooled, **counts)

    def warn_once(self, key: str, message: str, *, again_after: float = math.inf) -> bool:
        """Log a warning, unless one of this `key` was in the last so many seconds; return whether it was."""
        now = time.monotonic()
        with self._lock:
            new = now - self._said.get(key, -math.inf) >= again_after or key not in self._said
            if new:
                self._said[key] = now
        if new:
            LOGGER.warning("%s", message)
        return new
