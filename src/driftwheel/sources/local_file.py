"""Local files: opened so that nothing is copied twice and nothing blocks."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from driftwheel.sources.listing import Found
from driftwheel.sources.read_file import ReadStream, read_file

__all__ = ["read_local_file"]


def read_local_file(name: str, path: str | os.PathLike[str]) -> Found:
    """Return the image in a local file under the name given; a pipe or device is never opened."""

    def opened() -> ReadStream:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise OSError("not a regular file")
        return Path(path).open("rb", buffering=0)

    return read_file(name, opened)
