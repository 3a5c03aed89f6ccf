"""Encoding: storing pixels again the way a given file was stored."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.images.header import Header

__all__ = ["encode"]

_SAMPLING = {
    "4:4:4": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    "4:2:2": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "4:2:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    "4:1:1": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411,
    "4:4:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440,
}
_SUFFIX = {"jpeg": ".jpg", "webp": ".webp", "bmp": ".bmp", "tiff": ".tif"}


def encode(pixels: NDArray[np.uint8], like: Header) -> bytes:
    """Return `pixels` as a file of the format, JPEG quality and chroma subsampling of `like`.

    Parameters
    ----------
    pixels
        (h, w, 3) BGR uint8 of any size, upright: the file has no orientation.
    like
        Grey formats stay grey (one channel). A JPEG quality of NaN means 95; WebP is stored at quality 80;
        GIF and arrays become PNG, and samples have 8 bits: what was lost in decoding is not made up.

    Raises
    ------
    UsageError
        When the format cannot hold these pixels (JPEG and WebP have a largest side).

    Examples
    --------
    >>> from driftwheel.images.header import read_header
    >>> like = Header("jpeg", 16, 16, 3, 8, 1, 0, 62.0, "4:4:4")
    >>> again = read_header(encode(np.zeros((8, 24, 3), np.uint8), like))
    >>> again.format, again.width, again.jpeg_quality, again.chroma
    ('jpeg', 24, 62.0, '4:4:4')
    """
    options: list[int] = []
    if like.format == "jpeg":
        quality = 95 if math.isnan(like.jpeg_quality) else round(like.jpeg_quality)
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
        if like.chroma in _SAMPLING:
            options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, _SAMPLING[like.chroma]]
    elif like.format == "webp":
        options = [cv2.IMWRITE_WEBP_QUALITY, 80]
    if like.channels <= 2 and like.format != "webp":
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    try:
        done, encoded = cv2.imencode(_SUFFIX.get(like.format, ".png"), pixels, options)
    except cv2.error:
        done = False
    if not done:
        height, width = pixels.shape[:2]
        raise UsageError(f"{width} × {height} pixels cannot be stored as {like.format}.")
    return encoded.tobytes()
