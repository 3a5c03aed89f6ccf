"""The header of an image file: what it says of itself, read without decoding a pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UnreadableImageError
from driftwheel.images.exif import orientation
from driftwheel.images.headers import (
    Stored,
    read_bmp,
    read_gif,
    read_jpeg,
    read_png,
    read_tiff,
    read_webp,
)
from driftwheel.images.signature import FORMATS, format_of, other_format_of

__all__ = ["Header", "array_header", "read_header", "read_stored", "to_header"]

_READERS = dict(zip(FORMATS, (read_jpeg, read_png, read_webp, read_bmp, read_tiff, read_gif), strict=True))


@dataclass(frozen=True, slots=True)
class Header:
    """What an image file says of itself.

    Attributes
    ----------
    format
        ``jpeg``, ``png``, ``webp``, ``bmp``, ``tiff``, ``gif``; ``array`` for an array.
    width, height
        Pixels, *oriented*: after the EXIF orientation is applied.
    channels
        As stored: 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha or CMYK; a palette counts as its
        colours.
    bit_depth
        Bits a sample as stored; 8 for a palette.
    orientation
        1…8 as EXIF numbers them; 1 is as stored.
    file_bytes
        Size of the file, or of the array in memory.
    jpeg_quality
        1…100 on the IJG scale, from the quantisation tables; NaN unless a JPEG.
    chroma
        Subsampling of a colour JPEG, such as ``4:2:0``; empty for others.
    """

    format: str
    width: int
    height: int
    channels: int
    bit_depth: int
    orientation: int
    file_bytes: int
    jpeg_quality: float
    chroma: str = ""


def read_header(data: bytes) -> Header:
    """Return what an encoded image says of itself, without decoding it; some 10 µs for a JPEG of any size.

    Raises
    ------
    UnreadableImageError
        ``empty``, ``not an image``, ``unsupported: …`` for an image of another format, ``truncated`` when the
        file ends within its header, or ``corrupt`` when the header makes no sense.

    Examples
    --------
    >>> read_header(b"GIF89a" + bytes([40, 0, 30, 0, 0, 0, 0])).width
    40
    """
    return to_header(*read_stored(data), len(data))


def read_stored(data: bytes) -> tuple[str, Stored]:
    """Return the format of an image and what it says of itself as stored; raises as `read_header` does."""
    kind = format_of(data)
    if kind is None:
        raise UnreadableImageError(_why_unknown(data))
    return kind, _READERS[kind](data)


def to_header(kind: str, stored: Stored, file_bytes: int) -> Header:
    """Return the header of a file of format `kind`, its width and height oriented."""
    turned = stored.orientation or orientation(stored.exif)
    width, height = (stored.height, stored.width) if turned >= 5 else (stored.width, stored.height)
    return Header(
        kind,
        width,
        height,
        stored.channels,
        stored.bit_depth,
        turned,
        file_bytes,
        stored.jpeg_quality,
        stored.chroma,
    )


def array_header(array: NDArray[Any]) -> Header:
    """Return the header of an (h, w) or (h, w, c) array: its ``file_bytes`` are those it takes in memory.

    Raises
    ------
    UnreadableImageError
        For any other shape.
    """
    channels = 1 if array.ndim == 2 else array.shape[-1] if array.ndim == 3 else 0
    if channels not in (1, 3, 4) or array.size == 0:
        raise UnreadableImageError(f"array of shape {array.shape}, expected (h, w), (h, w, 3) or (h, w, 4)")
    height, width = array.shape[:2]
    depth = 1 if array.dtype == np.bool_ else 8 * array.itemsize
    return Header("array", width, height, channels, depth, 1, array.nbytes, math.nan)


def _why_unknown(data: bytes) -> str:
    if not data:
        return "empty"
    other = other_format_of(data)
    return f"unsupported: {other}" if other else "not an image"
