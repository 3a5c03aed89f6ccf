"""PNG: its chunks."""

from __future__ import annotations

import struct
import zlib

from driftwheel.errors import UnreadableImageError
from driftwheel.images.headers.stored import Stored

__all__ = ["read_png"]

_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}


def read_png(data: bytes) -> Stored:
    """Return what a PNG file says of itself; walks its chunks and checks the sums of those a decoder needs.

    A file is whole when its chunks end in ``IEND``; bytes after it do no harm. A transparent colour
    (``tRNS``) of a palette or a colour image counts as alpha; that of a grey image is not applied.

    Raises
    ------
    UnreadableImageError
        ``truncated`` when the file ends within its header, ``corrupt`` when the header makes no sense or a
        sum is wrong.

    Source: W3C Portable Network Graphics, third edition.
    """
    if len(data) < 33:
        raise UnreadableImageError("truncated")
    width, height, depth, kind = struct.unpack_from(">IIBB", data, 16)
    if data[12:16] != b"IHDR" or not width or not height or depth not in _DEPTHS.get(kind, ()):
        raise UnreadableImageError("corrupt")
    channels, exif, whole = _CHANNELS[kind], None, False
    position, size, body = 8, len(data), memoryview(data)
    while position + 12 <= size:
        length = int.from_bytes(body[position : position + 4], "big")
        name = data[position + 4 : position + 8]
        end = position + 12 + length
        if not name.isalpha():
            raise UnreadableImageError("corrupt")
        if end > size:
            break
        critical = name[0] < 97
        if critical and zlib.crc32(body[position + 4 : end - 4]) != int.from_bytes(
            body[end - 4 : end], "big"
        ):
            raise UnreadableImageError("corrupt")
        if name == b"tRNS" and kind in (2, 3):
            channels = 4
        elif name == b"eXIf":
            exif = data[position + 8 : end - 4]
        elif name == b"IEND":
            whole = True
            break
        position = end
    alpha = "straight" if channels in (2, 4) else "none"
    return Stored(width, height, channels, 8 if kind == 3 else depth, whole, exif, alpha=alpha)
