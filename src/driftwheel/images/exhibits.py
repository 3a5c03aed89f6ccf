"""Exhibits: the few pictures, as small JPEG thumbnails, that let a person see what the numbers say."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["LONGEST_SIDE", "Exhibit", "Exhibits", "thumbnail"]

LONGEST_SIDE = 320
"""No thumbnail is wider or higher than this, in px."""

_TINY = 80  # px; below this a viewer's smoothing would itself look like blur


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One picture to show.

    Attributes
    ----------
    image
        The name of the image it was made from.
    jpeg
        The encoded thumbnail, longest side at most `LONGEST_SIDE` px.
    caption
        A few words for a person, plain text.
    """

    image: str
    jpeg: bytes
    caption: str


@dataclass(frozen=True, slots=True)
class Exhibits:
    """The pictures of one comparison.

    Attributes
    ----------
    reference
        Typical reference images.
    current
        The current images that show the change most, the best first.
    outliers
        The most unusual current images, the most unusual first.
    simulated
        A reference image given the named fault, or None when no fault was named.
    simulated_from
        The same reference image, untouched.
    real
        A current image that has the fault.
    reconstructions
        Current images as an autoencoder reads them, each with what it makes of it.
    """

    reference: tuple[Exhibit, ...] = ()
    current: tuple[Exhibit, ...] = ()
    outliers: tuple[Exhibit, ...] = ()
    simulated: Exhibit | None = None
    simulated_from: Exhibit | None = None
    real: Exhibit | None = None
    reconstructions: tuple[tuple[Exhibit, Exhibit], ...] = ()


def thumbnail(pixels: NDArray[np.uint8]) -> bytes:
    """Return a JPEG thumbnail (quality 85) of (h, w, 3) BGR uint8 `pixels`, no side above `LONGEST_SIDE` px.

    Larger images are averaged down over pixel areas. Images up to 80 px are enlarged by a whole number, each
    pixel staying a square, so that a viewer's smoothing is not taken for blur. In between, the size stays.

    Examples
    --------
    >>> import numpy as np
    >>> thumbnail(np.zeros((480, 640, 3), np.uint8))[:3].hex()  # a JPEG starts so
    'ffd8ff'
    """
    height, width = pixels.shape[:2]
    longest = max(height, width)
    if longest > LONGEST_SIDE:
        size = (max(1, round(width * LONGEST_SIDE / longest)), max(1, round(height * LONGEST_SIDE / longest)))
        shown = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    elif longest <= _TINY:
        times = 2 * _TINY // longest
        shown = cv2.resize(pixels, (width * times, height * times), interpolation=cv2.INTER_NEAREST)
    else:
        shown = pixels
    _, jpeg = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return bytes(jpeg)
