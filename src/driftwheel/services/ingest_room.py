"""Whether there is room for more: on the disks, before the writer, and before those who measure."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from driftwheel.errors import QueueFullError
from driftwheel.services.ingest_values import Limits, check_count
from driftwheel.store.blobs import Blobs
from driftwheel.store.database import reading, sqlite_file
from driftwheel.store.records import count_received
from driftwheel.store.room import check_room
from driftwheel.store.writer import RecordWriter

__all__ = ["Room", "check_call"]

_FRESH = timedelta(seconds=1)


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
    """

    def __init__(self, engine: Engine, blobs: Blobs, writer: RecordWriter, limits: Limits) -> None:
        self._engine = engine
        self._blobs = blobs
        self._writer = writer
        self._limits = limits
        self._disk = _folder_of(engine)
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
        if self._disk is not None:
            check_room(self._disk, size, reserve=self._limits.disk_reserve_bytes)
        self._blobs.check_room(size)
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


def _folder_of(engine: Engine) -> Path | None:
    """Return the folder of an SQLite file, None for a database that sees to its own disk."""
    file = sqlite_file(engine)
    return None if file is None else file.absolute().parent
