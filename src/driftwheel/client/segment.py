"""One file of the spool: items one after the other, readable up to the last whole one after any crash.

Layout, all numbers little-endian: 8 bytes magic, 4 bytes items written, 4 bytes items sent; then for each
item 4 bytes CRC-32 of what follows of it, 1 byte kind, 4 and 4 bytes length of document and attachment, and
these.
The two counts serve statistics and resuming; what is in the file is told by its items alone.

Whoever writes or sends a segment holds a lock on it, which ends with the process.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from driftwheel.client.file_lock import lock, unlock
from driftwheel.client.item import Item, Kind

__all__ = ["Segment", "claim_segment", "create_segment", "frame", "read_counts"]

_MAGIC = b"\x89DWS\r\n\x1a\n"
_COUNTS = struct.Struct("<II")
_HEAD = len(_MAGIC) + _COUNTS.size
_FRAME = struct.Struct("<BII")
_CRC = struct.Struct("<I")
_FLAGS = os.O_RDWR | getattr(os, "O_BINARY", 0)


def frame(item: Item) -> bytes:
    """Return an item as the bytes of a segment."""
    body = _FRAME.pack(item.kind, len(item.document), len(item.attachment)) + item.document + item.attachment
    return _CRC.pack(zlib.crc32(body)) + body


def read_counts(path: Path) -> tuple[int, int]:
    """Return how many items were written to a segment and how many of them sent; 0 and 0 if it is gone."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return 0, 0
    if len(head) < _HEAD or not head.startswith(_MAGIC):
        return 0, 0
    written, sent = _COUNTS.unpack_from(head, len(_MAGIC))
    return written, sent


def create_segment(path: Path) -> Segment | None:
    """Make an empty segment and lock it; None when another process was quicker to tidy it away."""
    file = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
    segment = _locked(path, file)
    if segment is not None:
        try:
            segment.write_head()
        except OSError:
            segment.remove()
            raise
    return segment


def claim_segment(path: Path) -> Segment | None:
    """Open an existing segment and lock it; None when another process has it, or has sent it."""
    try:
        return _locked(path, os.open(path, _FLAGS))
    except FileNotFoundError:
        return None


def _locked(path: Path, file: int) -> Segment | None:
    if lock(file):
        if os.fstat(file).st_nlink > 0:  # or it was sent and removed between open and lock
            return Segment(path, file)
        unlock(file)
    os.close(file)
    return None


class Segment:
    """A segment that this process has locked."""

    def __init__(self, path: Path, file: int) -> None:
        self.path = path
        self.size = 0
        self.written = 0
        self.sent = 0
        self._file = file

    def write_head(self) -> None:
        """Write the magic and the counts."""
        self._write(0, _MAGIC + _COUNTS.pack(self.written, self.sent))
        self.size = max(self.size, _HEAD)

    def append(self, frames: Sequence[bytes]) -> None:
        """Write frames to its end, and return when they are on the disk.

        Raises
        ------
        OSError
            Of the disk; the segment is then as it was.
        """
        try:
            self._write(self.size, b"".join(frames))
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.size += sum(map(len, frames))
        self.written += len(frames)
        self.write_head()

    def read(self) -> list[Item]:
        """Return its whole items, those that were sent left out; sets the counts and the size.

        Raises
        ------
        ValueError
            When it does not begin as a segment does. A file cut short within its head holds nothing.
        """
        os.lseek(self._file, 0, os.SEEK_SET)
        with open(self._file, "rb", closefd=False) as file:
            data = file.read()
        if not data.startswith(_MAGIC[: len(data)]):
            raise ValueError(f"{self.path} is no file of a Driftwheel spool")
        self.size = len(data)
        if len(data) < _HEAD:
            return []
        self.written, self.sent = _COUNTS.unpack_from(data, len(_MAGIC))
        return _items(data, _HEAD)[self.sent :]

    def mark_sent(self, n: int) -> None:
        """Note that the next `n` of its items were sent."""
        self.sent += n
        self.write_head()

    def remove(self) -> None:
        """Delete it and give the lock back."""
        try:
            self.path.unlink(missing_ok=True)
        except PermissionError:  # Windows deletes no open file
            self.close()
            self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Give the lock back: any process may take it up from here."""
        if self._file >= 0:
            unlock(self._file)
        self.abandon()

    def abandon(self) -> None:
        """Close the file without touching the lock, which in a forked process is that of the parent."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def _write(self, place: int, data: bytes) -> None:
        os.lseek(self._file, place, os.SEEK_SET)
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]


def _items(data: bytes, place: int) -> list[Item]:
    """Return the items from `place` on, up to the first that is cut off or damaged."""
    items = []
    while place + _CRC.size + _FRAME.size <= len(data):
        (crc,) = _CRC.unpack_from(data, place)
        start = place + _CRC.size
        kind, document, attachment = _FRAME.unpack_from(data, start)
        middle = start + _FRAME.size + document
        place = middle + attachment
        if place > len(data) or zlib.crc32(memoryview(data)[start:place]) != crc:
            break
        items.append(Item(Kind(kind), data[start + _FRAME.size : middle], data[middle:place]))
    return items
