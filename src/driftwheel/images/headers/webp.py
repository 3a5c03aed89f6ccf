"""WebP: its RIFF chunks."""

from __future__ import annotations

from driftwheel.errors import UnreadableImageError
from driftwheel.images.headers.stored import Stored

__all__ = ["read_webp"]


def read_webp(data: bytes) -> Stored:
    """Return what a WebP file says of itself: lossy, lossless or extended; of an animation, its canvas.

    A file is whole when it has as many bytes as its RIFF header says; bytes after them do no harm.

    Raises
    ------
    UnreadableImageError
        ``truncated`` when the file ends within its header, ``corrupt`` when the header makes no sense.

    Source: RFC 9649.
    """
    if len(data) < 30:
        raise UnreadableImageError("truncated")
    size = 8 + int.from_bytes(data[4:8], "little")
    whole, exif, alpha = len(data) >= size, None, False
    kind = data[12:16]
    if kind == b"VP8 ":
        if data[23:26] != b"\x9d\x01\x2a":
            raise UnreadableImageError("corrupt")
        width = int.from_bytes(data[26:28], "little") & 0x3FFF
        height = int.from_bytes(data[28:30], "little") & 0x3FFF
    elif kind == b"VP8L":
        if data[20] != 0x2F:
            raise UnreadableImageError("corrupt")
        bits = int.from_bytes(data[21:25], "little")
        width, height, alpha = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    elif kind == b"VP8X":
        alpha = bool(data[20] & 0x10)
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
        if data[20] & 0x08:
            exif = _exif(data, min(size, len(data)))
    else:
        raise UnreadableImageError("corrupt")
    if not width or not height:
        raise UnreadableImageError("corrupt")
    return Stored(width, height, 4 if alpha else 3, 8, whole, exif, alpha="straight" if alpha else "none")


def _exif(data: bytes, size: int) -> bytes | None:
    position = 12
    while position + 8 <= size:
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        if data[position : position + 4] == b"EXIF":
            block = data[position + 8 : min(position + 8 + length, size)]
            return block.removeprefix(b"Exif\0\0")
        position += 8 + length + length % 2
    return None
