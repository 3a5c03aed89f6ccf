"""Stuck and dead pixels: single pixels that have nothing to do with those around them."""

from __future__ import annotations

import cv2
import numpy as np

from driftwheel.images.views import Pixels, Views

__all__ = ["count_alone", "stuck_pixels"]

FAR_OFF = 80
SPARSE = 0.005
"""Up to this share of marked pixels, looking around each is faster than filtering all."""


def stuck_pixels(views: Views) -> float:
    """Return the share of single pixels over 80 grey levels off their 3 × 3 median; NaN below 3 × 3.

    Single: none of the eight around is as far off its own median, so thin lines and texture do not
    count. The border of the image is not looked at. NaN too on a reduced decode (fast mode), in which a
    single pixel has melted into its block.
    """
    grey = views.full_grey
    height, width = grey.shape
    if min(height, width) < 3 or views.scale > 1:
        return float("nan")
    off = views.buffer("median", height, width)
    cv2.medianBlur(grey, 3, off)
    if cv2.norm(grey, off, cv2.NORM_INF) <= FAR_OFF:
        return 0.0
    cv2.absdiff(grey, off, off)
    cv2.threshold(off, FAR_OFF, 1, cv2.THRESH_BINARY, off)
    for border in (off[0], off[-1], off[:, 0], off[:, -1]):
        border.fill(0)
    return count_alone(off) / float((height - 2) * (width - 2))


def count_alone(marked: Pixels) -> int:
    """Return the number of ones with none around them, in (h, w) zeros and ones, zero at the border."""
    count = cv2.countNonZero(marked)
    if count == 0:
        return 0
    if count > marked.size * SPARSE:
        around = cv2.boxFilter(marked, cv2.CV_8U, (3, 3), normalize=False)
        return int(np.count_nonzero(cv2.multiply(around, marked, around) == 1))
    width = marked.shape[1]
    flat = marked.ravel()
    at = np.flatnonzero(flat.view(np.bool_))
    around = flat[at + 1]
    for step in (-1, width, -width, width + 1, width - 1, 1 - width, -1 - width):
        around = around | flat[at + step]
    return at.size - int(np.count_nonzero(around))
