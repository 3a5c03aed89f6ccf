"""Pixelation: a stream that was scaled down and blown up again, or a privacy filter left on."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.faults.fault import Chance

__all__ = ["pixelation"]

_BLOCK = ((0.009, 2), (0.018, 3), (0.030, 4), (0.050, 5), (0.090, 6))


def pixelation(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Replace square blocks by their mean.

    Blocks are 0.9, 1.8, 3, 5 or 9 % of the shorter side wide, at least 2, 3, 4, 5 or 6 px. Blocks start at
    the top left; those at the right and bottom edge are cut. (h, w, 3) BGR uint8 in and out.
    """
    del chance
    height, width = pixels.shape[:2]
    share, least = _BLOCK[severity - 1]
    block = max(round(share * min(height, width)), least)
    rows, columns = -(-height // block), -(-width // block)
    padded = cv2.copyMakeBorder(
        pixels, 0, rows * block - height, 0, columns * block - width, cv2.BORDER_REPLICATE
    )
    small = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)
    large = np.repeat(np.repeat(small, block, axis=0), block, axis=1)
    return np.ascontiguousarray(large[:height, :width])
