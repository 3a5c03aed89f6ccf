"""Local files: opened so that nothing is copied twice and nothing blocks."""

from __future__ import annotations

import io
import os
import stat

from driftwheel.sources.listing import Found
from driftwheel.sources.read_file import read_file

__all__ = ["LocalFile", "read_local_file"]

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_local_file(name: str, path: str | os.PathLike[str]) -> Found:
    """Return the image in a local file under the name given; a pipe or device is never waited for."""
    return read_file(name, lambda: LocalFile(path))


class LocalFile:
    """A regular file, open for reading, as long as it was when it was opened; no buffer is larger.

    Raises
    ------
    OSError
        When it cannot be opened, or is a pipe, a device or a folder.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._descriptor = os.open(path, _FLAGS)
        status = os.fstat(self._descriptor)
        self._left = status.st_size
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise io.UnsupportedOperation("not a regular file")

    def read(self, size: int = -1, /) -> bytes:
        """Return the next `size` bytes, or all that are left."""
        data = os.read(self._descriptor, self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)
