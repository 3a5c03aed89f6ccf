"""GIF: its logical screen."""

from __future__ import annotations

import struct

from driftwheel.errors import UnreadableImageError
from driftwheel.images.headers.stored import Stored

__all__ = ["read_gif"]


def read_gif(data: bytes) -> Stored:
    """Return what a GIF file says of itself; its size is that of the screen, and a frame may be transparent.

    Whether it is whole only the decoder can tell: `whole` is always True.

    Raises
    ------
    UnreadableImageError
        ``truncated`` when the file ends within its header, ``corrupt`` when the screen has no size.

    Source: CompuServe, Graphics Interchange Format, version 89a.
    """
    if len(data) < 13:
        raise UnreadableImageError("truncated")
    width, height = struct.unpack_from("<HH", data, 6)
    if not width or not height:
        raise UnreadableImageError("corrupt")
    return Stored(width, height, 3, 8, whole=True, alpha="straight")
