"""Decoding: from an encoded file or an array to BGR pixels, by stated rules and within bounds.

The rules, whatever the format:

* **Orientation** of EXIF (JPEG, PNG, WebP) or of TIFF is baked in, once.
* **16-bit** samples are divided by 257 and rounded, so that 65535 becomes 255 and 0 stays 0.
* **Grey** is repeated in all three channels; **1 bit** becomes 0 and 255; a **palette** becomes its colours.
* **Alpha** is laid over black: what cannot be seen cannot drift. BMP has none; the one transparent level that
  a grey PNG may name is not applied.
* **CMYK** and YCCK JPEG are read with the inverted inks that Adobe writes, as nearly all such files have;
  colour profiles are not applied.
* **Floating point** in [0, 1] is multiplied by 255 and rounded; an overshoot of 0.1 is clipped, more is not
  guessed at.
* Of an **animation** or a file of several pages, the first.
* A file that was cut off is ``truncated``, even when its beginning could be shown. Damage within the coded
  pixels of a JPEG is shown as the decoder shows it: the format has no sum to check.

OpenCV's own log is switched off when this module is imported, unless the environment sets
``OPENCV_LOG_LEVEL``: every file that cannot be read is reported by a reason instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UnreadableImageError
from driftwheel.images.header import Header, array_header, read_stored, to_header
from driftwheel.images.headers import Stored, gif_is_cut_off, tiff_is_cut_off
from driftwheel.images.samples import over_black, to_bytes

__all__ = ["MAX_PIXELS", "Decoded", "Reduction", "decode"]

Reduction = Literal[1, 2, 4, 8]

MAX_PIXELS = 178_956_970
"""Images with more pixels are not decoded: they would take more than 512 MiB. Twice Pillow's bound."""

if "OPENCV_LOG_LEVEL" not in os.environ:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

_COLOUR = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
_GREY = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}

_CUT_OFF = {"gif": gif_is_cut_off, "tiff": tiff_is_cut_off}
"""How to tell, once a file could not be decoded, whether its end is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """One image: `pixels` (h, w, 3) BGR uint8, or (h, w) when grey was asked for; and its `header`."""

    pixels: NDArray[np.uint8]
    header: Header


def decode(
    data: bytes | NDArray[Any],
    *,
    max_pixels: int = MAX_PIXELS,
    reduction: Reduction | Callable[[Header], Reduction] = 1,
    grey: bool = False,
) -> Decoded:
    """Return the pixels of an encoded image or of an array, by the rules at the top of this module.

    Parameters
    ----------
    data
        An encoded file; or an array, (h, w) grey, (h, w, 3) **RGB** or (h, w, 4) RGBA, of bool, uint8,
        uint16, other integers in 0…255, or floats in [0, 1].
    max_pixels
        The most pixels a header may announce; checked before anything is decoded.
    reduction
        Return ⌈w / reduction⌉ × ⌈h / reduction⌉ pixels. A JPEG is decoded at that size, which costs far less;
        any other file is decoded in full and averaged over blocks. Or a function that chooses by the header.
    grey
        Return (h, w) luma, 0.299 R + 0.587 G + 0.114 B. Of a JPEG, colour is then not decoded at all.

    Raises
    ------
    UnreadableImageError
        With a reason fit for counting: those of `driftwheel.images.header.read_header`; ``too many pixels``;
        ``truncated``; ``corrupt``; for an array, what is wrong with its shape or values.

    Examples
    --------
    >>> decode(np.zeros((3, 4), dtype=bool)).pixels.shape
    (3, 4, 3)
    """
    if isinstance(data, np.ndarray):
        header = array_header(data)
        _bound(header, max_pixels)
        pixels = to_bytes(data if data.ndim == 2 or data.shape[2] > 1 else data[:, :, 0])
        if pixels.ndim == 3:
            pixels = over_black(pixels) if pixels.shape[2] == 4 else pixels
            pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), dtype=np.uint8)
        return Decoded(_fit(pixels, _chosen(reduction, header), grey), header)
    kind, stored = read_stored(data)
    header = to_header(kind, stored, len(data))
    _bound(header, max_pixels)
    if not stored.whole:
        raise UnreadableImageError("truncated")
    reduction = _chosen(reduction, header)
    if kind == "jpeg":
        table = _GREY if grey else _COLOUR
        pixels = _imdecode(data, table[reduction] | cv2.IMREAD_IGNORE_ORIENTATION)
        return Decoded(_checked(_turn(pixels, header.orientation), header, reduction), header)
    try:
        pixels = _decode_whole(data, stored)
    except UnreadableImageError as error:
        if error.reason == "corrupt" and kind in _CUT_OFF and _CUT_OFF[kind](data):
            raise UnreadableImageError("truncated") from None
        raise
    if kind != "tiff":  # OpenCV turns TIFF images itself, whatever the flags
        pixels = _turn(pixels, header.orientation)
    return Decoded(_fit(_checked(pixels, header, 1), reduction, grey), header)


def _decode_whole(data: bytes, stored: Stored) -> NDArray[np.uint8]:
    if stored.alpha != "straight" and stored.bit_depth <= 8:
        return _imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    pixels = to_bytes(_imdecode(data, cv2.IMREAD_UNCHANGED))
    if stored.inverted:
        pixels = cv2.bitwise_not(pixels).astype(np.uint8, copy=False)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        return over_black(pixels) if stored.alpha == "straight" else np.ascontiguousarray(pixels[:, :, :3])
    return pixels


def _imdecode(data: bytes, flags: int) -> NDArray[Any]:
    try:
        pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    except cv2.error as error:
        reason = "not enough memory" if error.code == cv2.Error.StsNoMem else "corrupt"
        raise UnreadableImageError(reason) from None
    if pixels is None:
        raise UnreadableImageError("corrupt")
    return pixels


def _chosen(reduction: Reduction | Callable[[Header], Reduction], header: Header) -> Reduction:
    return reduction(header) if callable(reduction) else reduction


def _bound(header: Header, max_pixels: int) -> None:
    if header.width * header.height > max_pixels:
        raise UnreadableImageError("too many pixels")


def _checked(pixels: NDArray[Any], header: Header, reduction: int) -> NDArray[np.uint8]:
    """Return `pixels`, of which the header must have told the truth."""
    if pixels.shape[:2] != (-(-header.height // reduction), -(-header.width // reduction)):
        raise UnreadableImageError("corrupt")
    return pixels


def _turn(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return (h, w[, c]) `pixels` upright, given their EXIF orientation 1…8."""
    if orientation == 1:
        return pixels
    if orientation in (5, 7):
        pixels = cv2.transpose(pixels)
    if orientation in (2, 4, 7):
        return cv2.flip(pixels, {2: 1, 4: 0, 7: -1}[orientation])
    turns = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}
    return cv2.rotate(pixels, turns[orientation]) if orientation in turns else pixels


def _fit(pixels: NDArray[np.uint8], reduction: int, grey: bool) -> NDArray[np.uint8]:
    """Return (h, w[, 3]) `pixels` reduced, and with one or three channels as asked."""
    if reduction > 1:
        size = -(-pixels.shape[1] // reduction), -(-pixels.shape[0] // reduction)
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if grey == (pixels.ndim == 2):
        return pixels
    code = cv2.COLOR_BGR2GRAY if grey else cv2.COLOR_GRAY2BGR
    return np.asarray(cv2.cvtColor(pixels, code), dtype=np.uint8)
