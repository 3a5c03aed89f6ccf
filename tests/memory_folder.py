"""The folders of tests lie in memory where there is room for them.

A test that keeps something waits for the disk a few milliseconds each time, and the whole suite does so some
ten thousand times. Nothing is proved by it: what a killed process has written is there on either kind of
folder, and what a failing disk does is told by a disk that fails (`tests.ingest`).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

__all__ = ["use_memory"]

MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes that have to be free, in the folder and twice as many in memory; the suite needs a part of them."""

VARIABLE = "PYTEST_DEBUG_TEMPROOT"
"""Where pytest makes the folders of its sessions; what is said there already stays."""


def use_memory() -> None:
    """Have this session's folders made in memory, and those of its workers, where that can be done."""
    if VARIABLE not in os.environ and _there_is_room():
        os.environ[VARIABLE] = str(MEMORY)


def _there_is_room() -> bool:
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        return False
    if os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:  # some tests compile what they run
        return False
    said = dict(line.split(":") for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
    available = int(said["MemAvailable"].split()[0]) << 10
    return shutil.disk_usage(MEMORY).free >= ROOM and available >= 2 * ROOM
