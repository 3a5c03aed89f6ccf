"""Room on a disk: whether so many bytes more leave the reserve alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from driftwheel.errors import StorageFullError

__all__ = ["check_room", "no_room"]


def check_room(folder: Path, size: int, *, reserve: int) -> None:
    """Raise `StorageFullError` when `size` more bytes on the disk of `folder` would go below its reserve.

    Takes some microseconds.
    """
    if shutil.disk_usage(folder).free - size < reserve:
        raise StorageFullError(no_room(folder, reserve))


def no_room(folder: str | os.PathLike[str], reserve: int = 0) -> str:
    """Return the sentence that says so, and what to do."""
    above = f" beyond the {reserve / 2**20:,.0f} MiB that are to stay free" if reserve else ""
    return f"No space is left in {folder}{above}. Free some, or keep records and images for fewer days."
