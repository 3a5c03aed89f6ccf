"""A queue between two threads that holds no more than a number of bytes."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["BoundedQueue"]

_Value = TypeVar("_Value")


class BoundedQueue(Generic[_Value]):
    """First in, first out.

    Parameters
    ----------
    most_bytes
        What all values together may take; a single value that is larger is let into an empty queue.
    size_of
        Bytes that a value takes.
    """

    def __init__(self, most_bytes: int, size_of: Callable[[_Value], int]) -> None:
        self._most_bytes = most_bytes
        self._size_of = size_of
        self._values: deque[tuple[_Value, int]] = deque()
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()  # of a reentrant lock: a signal handler may log, too

    def put(self, value: _Value, timeout: float = 0.0) -> bool:
        """Put a value at the end; return False without room (in so many seconds), or when it is closed."""
        size = self._size_of(value)
        with self._changed:
            if timeout and not self._has_room(size):
                self._changed.wait_for(lambda: self._closed or self._has_room(size), timeout)
            if self._closed or not self._has_room(size):
                return False
            self._values.append((value, size))
            self._bytes += size
            self._changed.notify_all()
        return True

    def take(self, most: int, timeout: float) -> list[_Value]:
        """Take up to `most` values, waiting so many seconds for the first; none when it is closed, too."""
        end = time.monotonic() + timeout
        with self._changed:
            while not self._values and not self._closed:
                left = end - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            taken = [self._values.popleft() for _ in range(min(most, len(self._values)))]
            self._bytes -= sum(size for _, size in taken)
            if taken:
                self._changed.notify_all()
        return [value for value, _ in taken]

    def close(self) -> None:
        """Let nothing more in, and nobody wait; what is in it can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def _has_room(self, size: int) -> bool:
        return not self._values or self._bytes + size <= self._most_bytes
