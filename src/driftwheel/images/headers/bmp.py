"""BMP: its file header and bitmap header."""

from __future__ import annotations

import struct

from driftwheel.errors import UnreadableImageError
from driftwheel.images.headers.stored import Stored

__all__ = ["read_bmp"]

_UNCOMPRESSED = (0, 3)


def read_bmp(data: bytes) -> Stored:
    """Return what a BMP file says of itself. The fourth byte of 32-bit pixels is not taken as alpha.

    An uncompressed file is whole when it has room for all rows; of a run-length coded one only the decoder
    can tell.

    Raises
    ------
    UnreadableImageError
        ``truncated`` when the file ends within its header, ``corrupt`` when the header makes no sense.

    Source: Microsoft, BITMAPCOREHEADER and BITMAPINFOHEADER.
    """
    if len(data) < 26:
        raise UnreadableImageError("truncated")
    offset, header = struct.unpack_from("<II", data, 10)
    compression = used = 0
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    elif header >= 36:
        if len(data) < 54:
            raise UnreadableImageError("truncated")
        width, height, _, bits, compression, _, _, _, used = struct.unpack_from("<iiHHIIiiI", data, 18)
    else:
        raise UnreadableImageError("corrupt")
    height = abs(height)
    if width <= 0 or not height or bits not in (1, 2, 4, 8, 16, 24, 32):
        raise UnreadableImageError("corrupt")
    row = (width * bits + 31) // 32 * 4
    whole = compression not in _UNCOMPRESSED or len(data) >= offset + row * height
    channels = 3
    if bits <= 8:
        entry = 3 if header == 12 else 4
        palette = data[14 + header : 14 + header + entry * min(used or 1 << bits, 1 << bits)]
        channels = 1 if palette[0::entry] == palette[1::entry] == palette[2::entry] else 3
    return Stored(width, height, channels, 8, whole)
