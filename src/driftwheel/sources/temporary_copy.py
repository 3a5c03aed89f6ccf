"""A temporary copy: a file on disk for what can be read only from front to back."""

from __future__ import annotations

import os
import tempfile
import weakref
from threading import Lock
from typing import IO

__all__ = ["TemporaryCopy"]


class TemporaryCopy:
    """An unnamed file that is written once, then read at any place; deleted with this object.

    Examples
    --------
    >>> copy = TemporaryCopy()
    >>> copy.append(b"abc"), copy.append(b"de")
    (0, 3)
    >>> copy.read_at(3, 2)
    b'de'
    """

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile(prefix="driftwheel-")  # noqa: SIM115
        self._lock = Lock()
        weakref.finalize(self, self.file.close)

    def append(self, data: bytes) -> int:
        """Write `data` at the end and return where it begins."""
        with self._lock:
            start = self.file.seek(0, os.SEEK_END)
            self.file.write(data)
            return start

    def read_at(self, start: int, size: int) -> bytes:
        """Return `size` bytes from `start` on."""
        with self._lock:
            self.file.seek(start)
            return self.file.read(size)
