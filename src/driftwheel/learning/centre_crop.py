"""Bring an image of any size to the one size that a network reads."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["centre_crop"]


def centre_crop(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Cut the largest centred part of the wanted aspect ratio out of an image, and scale it to the size.

    Parameters
    ----------
    pixels
        (h, w, 3) uint8 of any size from 1 × 1.
    height, width
        The wanted size in pixels.

    Returns
    -------
    (height, width, 3) uint8: means over pixel areas where the part is shrunk, bicubic interpolation where
    it is enlarged.

    Examples
    --------
    >>> wide = np.zeros((2, 6, 3), np.uint8)
    >>> wide[:, 2:4] = 200
    >>> int(centre_crop(wide, 2, 2).min())
    200
    """
    h, w = pixels.shape[:2]
    cut_w = min(w, max(1, round(h * width / height)))
    cut_h = min(h, max(1, round(w * height / width)))
    top, left = (h - cut_h) // 2, (w - cut_w) // 2
    part = pixels[top : top + cut_h, left : left + cut_w]
    shrinks = cut_h >= height and cut_w >= width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (width, height), interpolation=how), dtype=np.uint8)
