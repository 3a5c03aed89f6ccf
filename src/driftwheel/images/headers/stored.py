"""What a file says of itself, as stored: before its orientation is applied."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["Stored"]


class Stored(NamedTuple):
    """The facts every format's parser returns.

    Attributes
    ----------
    width, height
        Pixels as stored, before orientation; at least 1.
    channels
        1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha or CMYK; a palette counts as its colours.
    bit_depth
        Bits a sample; 8 for a palette.
    whole
        Whether the file goes on to its end; False when it was cut off.
    exif
        The EXIF block (a TIFF structure), or None.
    orientation
        1…8 of the file's own field, for formats that have one outside EXIF (TIFF); 0 to take it from `exif`.
    jpeg_quality, chroma
        See `driftwheel.images.header.Header`.
    alpha
        ``none``, ``straight`` (colours are to be multiplied by alpha) or ``done`` (they are already, or the
        decoder does).
    inverted
        Whether 0 means white where the decoder does not see to it.
    """

    width: int
    height: int
    channels: int
    bit_depth: int
    whole: bool
    exif: bytes | None = None
    orientation: int = 0
    jpeg_quality: float = math.nan
    chroma: str = ""
    alpha: str = "none"
    inverted: bool = False
