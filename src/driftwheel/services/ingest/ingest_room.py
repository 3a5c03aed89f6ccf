"""Whether there is room for more: on the disks, before the writer, and before those who measure."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from driftwheel.errors import QueueFullError, StorageFullError
from driftwheel.services.ingest.ingest_values import Limits, check_count
from driftwheel.store.engine.database import reading, sqlite_file
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.files.room import check_room, no_room
from driftwheel.store.records.records import count_received
from driftwheel.store.records.writer import RecordWriter

__all__ = ["Room", "check_call"]

_FRESH = timedelta(seconds=1)
_LOOK_AGAIN = timedelta(milliseconds=100)


def check_call(engine: Engine, count: int, limits: Limits) -> None:
    """Raise `UsageError` for too many items in one call, `StorageFullError` when the disk is full."""
    check_count(count, limits)
    folder = _folder_of(engine)
    if folder is not None:
        check_room(folder, 0, reserve=limits.disk_reserve_bytes)


class Room:
    """Watches what is full; for all threads of a process.

    How many images wait to be measured is counted at most once a second, so that a burst may go beyond the
    bound by what comes in a second.

    Each disk is looked at every 100 ms as long as it has room, and for every call once it has none. The
    images that were let through since the last look count; what else is written in that time may go into the
    reserve: rows, and the files of other programs, together what the disk takes in 100 ms. That is 200 MB on
    one that writes 2 GB/s, a fifth of the default reserve. It can never make an acknowledgement false: that
    comes after the commit, and a disk that is full fails the commit.
    """

    def __init__(self, engine: Engine, blobs: Blobs, writer: RecordWriter, limits: Limits) -> None:
        self._engine = engine
        self._writer = writer
        self._limits = limits
        self._disks = _disks({_folder_of(engine): limits.disk_reserve_bytes, blobs.folder: blobs.reserve})
        self._unmeasured = 0
        self._counted: datetime | None = None

    def check(self, records: int, *, images: int, size: int, now: datetime) -> None:
        """Raise when there is no room for so many records, of which some have images of `size` bytes in all.

        Raises
        ------
        StorageFullError
            When a disk would go below its reserve.
        QueueFullError
            When too many records wait to be written, or too many images to be measured.
        """
        for disk in self._disks:
            disk.check(size, now)
        most = self._limits.queue_records
        if self._writer.waiting + records > most:
            raise QueueFullError(
                f"{self._writer.waiting} records wait to be written, at most {most} may. Send these later."
            )
        if images and self._count(now) + images > most:
            raise QueueFullError(
                f"{self._unmeasured} images wait to be measured, at most {most} may. Send these later."
            )

    def _count(self, now: datetime) -> int:
        if self._counted is None or abs(now - self._counted) >= _FRESH:
            self._counted = now
            with reading(self._engine) as connection:
                self._unmeasured = count_received(connection)
        return self._unmeasured


class _Disk:
    """The disk of a folder; what is free there as of a moment ago, less what was let through since."""

    def __init__(self, folder: Path, reserve: int) -> None:
        self._folder = folder
        self._reserve = reserve
        self._lock = threading.Lock()
        self._looked: datetime | None = None
        self._free = 0

    def check(self, size: int, now: datetime) -> None:
        """Raise `StorageFullError` when `size` bytes more would go below the reserve."""
        with self._lock:
            fresh = self._looked is not None and timedelta() <= now - self._looked < _LOOK_AGAIN
            if not fresh or self._free - size < self._reserve:
                self._looked, self._free = now, shutil.disk_usage(self._folder).free
            if self._free - size < self._reserve:
                raise StorageFullError(no_room(self._folder, self._reserve))
            self._free -= size


def _disks(reserves: Mapping[Path | None, int]) -> list[_Disk]:
    """Return the disks of folders that are here; folders on one disk share it, and the larger reserve."""
    found: dict[int, tuple[Path, int]] = {}
    for folder, reserve in reserves.items():
        if folder is not None:
            device = folder.stat().st_dev
            _, other = found.get(device, (folder, 0))
            found[device] = folder, max(reserve, other)
    return [_Disk(folder, reserve) for folder, reserve in found.values()]


def _folder_of(engine: Engine) -> Path | None:
    """Return the folder of an SQLite file, None for a database that sees to its own disk."""
    file = sqlite_file(engine)
    return None if file is None else file.absolute().parent
