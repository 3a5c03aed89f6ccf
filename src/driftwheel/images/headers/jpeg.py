"""JPEG: its marker segments up to the first scan."""

from __future__ import annotations

import math

from driftwheel.errors import UnreadableImageError
from driftwheel.images.headers.stored import Stored
from driftwheel.images.jpeg_quality import quality_of_tables

__all__ = ["read_jpeg"]

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _END = 0xDA, 0xD9
_STANDALONE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
_CHROMA = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (4, 1): "4:1:1", (1, 2): "4:4:0"}


def read_jpeg(data: bytes) -> Stored:
    """Return what a JPEG file says of itself; takes some 10 µs, of a file of any size.

    A file is whole when an end-of-image marker follows the first scan: an embedded thumbnail's own comes
    before it, coded pixels cannot contain one, and bytes after it (maker notes, a second picture, a film) do
    no harm.

    Raises
    ------
    UnreadableImageError
        ``truncated`` when the file ends before its first scan, ``corrupt`` when its segments make no sense.

    Source: ITU-T T.81, annex B.
    """
    frame: bytes | None = None
    exif: bytes | None = None
    tables: dict[int, bytes] = {}
    marker, start, end = _next_segment(data, 2)
    while marker != _SCAN:
        if marker == 0xDB:
            _keep_tables(data[start:end], tables)
        elif marker in _FRAMES:
            if frame is not None:
                raise UnreadableImageError("corrupt")
            frame = data[start:end]
        elif marker == 0xE1 and exif is None and data[start : start + 6] == b"Exif\0\0":
            exif = data[start + 6 : end]
        marker, start, end = _next_segment(data, end)
    if frame is None:
        raise UnreadableImageError("corrupt")
    return _stored(frame, tables, exif, whole=data.rfind(b"\xff\xd9", end) >= 0)


def _next_segment(data: bytes, position: int) -> tuple[int, int, int]:
    """Return the marker of the next segment that has a payload, and where that begins and ends."""
    size = len(data)
    while True:
        position = data.find(b"\xff", position)
        while 0 <= position < size and data[position] == 0xFF:
            position += 1
        if not 0 <= position < size:
            raise UnreadableImageError("truncated")
        marker = data[position]
        position += 1
        if marker in _STANDALONE:
            continue
        length = int.from_bytes(data[position : position + 2], "big")
        if marker == _END or (length < 2 and position + 2 <= size):
            raise UnreadableImageError("corrupt")
        if position + max(length, 2) > size:
            raise UnreadableImageError("truncated")
        return marker, position + 2, position + length


def _keep_tables(segment: bytes, tables: dict[int, bytes]) -> None:
    position = 0
    while position < len(segment):
        size = 128 if segment[position] >> 4 else 64
        tables[segment[position] & 15] = segment[position + 1 : position + 1 + size]
        position += 1 + size


def _stored(frame: bytes, tables: dict[int, bytes], exif: bytes | None, *, whole: bool) -> Stored:
    if len(frame) < 6 or len(frame) < 6 + 3 * frame[5]:
        raise UnreadableImageError("corrupt")
    depth, height, width, components = frame[0], frame[1] << 8 | frame[2], frame[3] << 8 | frame[4], frame[5]
    if not width or not height or components not in (1, 3, 4):
        raise UnreadableImageError("corrupt")
    if depth != 8:
        raise UnreadableImageError("unsupported: JPEG of more than 8 bits a sample")
    luminance = tables.get(frame[8], b"")
    chrominance = tables.get(frame[11], b"") if components == 3 else None
    chroma = ""
    if components == 3:
        across, down = frame[7] >> 4, frame[7] & 15
        others = {frame[10], frame[13]}
        if len(others) == 1 and (one := others.pop()) and one >> 4 and one & 15:
            chroma = _CHROMA.get((across // (one >> 4), down // (one & 15)), "")
    quality = quality_of_tables(luminance, chrominance) if luminance else math.nan
    return Stored(width, height, components, depth, whole, exif, jpeg_quality=quality, chroma=chroma)
