"""Exposure and contrast: a wrong shutter, iris, lamp or gain."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.faults.fault import Chance

__all__ = ["contrast", "over_exposure", "under_exposure"]

_OVER_STOPS = (0.4, 0.8, 1.3, 2.0, 3.0)
_UNDER_STOPS = (-0.45, -0.9, -1.5, -2.4, -3.6)
_KEPT_CONTRAST = (0.82, 0.67, 0.50, 0.34, 0.20)
_GAMMA = 2.2


def over_exposure(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Expose by 0.4, 0.8, 1.3, 2 or 3 stops more, clipping at white; (h, w, 3) BGR uint8 in and out."""
    del chance
    return _expose(pixels, _OVER_STOPS[severity - 1])


def under_exposure(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Expose by 0.45, 0.9, 1.5, 2.4 or 3.6 stops less, rounding to 8 bits; (h, w, 3) BGR uint8 in and out."""
    del chance
    return _expose(pixels, _UNDER_STOPS[severity - 1])


def contrast(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Keep 82, 67, 50, 34 or 20 % of the contrast about the image's own mean grey.

    (h, w, 3) BGR uint8 in and out.
    """
    del chance
    kept = _KEPT_CONTRAST[severity - 1]
    pivot = float(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).mean())
    levels = pivot + kept * (np.arange(256) - pivot)
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, table), dtype=np.uint8)


def _expose(pixels: NDArray[np.uint8], stops: float) -> NDArray[np.uint8]:
    """Scale the light by 2^stops; in values stored with a gamma of 2.2 that is a gain of 2^(stops / 2.2)."""
    levels = np.arange(256) * 2.0 ** (stops / _GAMMA)
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, table), dtype=np.uint8)
