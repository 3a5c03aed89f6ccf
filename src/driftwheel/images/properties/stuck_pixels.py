"""Stuck and dead pixels: single pixels that have nothing to do with those around them."""

from __future__ import annotations

import cv2
import numpy as np

from driftwheel.images.views import Views

__all__ = ["stuck_pixels"]

FAR_OFF = 40


def stuck_pixels(views: Views) -> float:
    """Return the share of pixels more than 40 grey levels off the median of their 3 × 3 with no such neighbour; NaN below 3 × 3.

    Thin lines and texture give neighbours that are off as well and do not count.
    """
    grey = views.grey
    if min(grey.shape) < 3:
        return float("nan")
    off = cv2.threshold(cv2.absdiff(grey, cv2.medianBlur(grey, 3)), FAR_OFF, 1, cv2.THRESH_BINARY)[1]
    if not cv2.countNonZero(off):
        return 0.0
    around = cv2.boxFilter(off, cv2.CV_8U, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    alone = np.count_nonzero((around == 1) & (off > 0))
    return float(alone) / grey.size
