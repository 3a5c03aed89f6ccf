"""Haze: fog, smoke, steam, or a lens with condensation or flare."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.faults.fault import Chance

__all__ = ["haze"]

_TRANSMISSION = (0.87, 0.75, 0.60, 0.43, 0.26)
_AIRLIGHT = 225.0


def haze(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Mix with an even airlight of grey level 225, of which 13, 25, 40, 57 or 74 % is seen.

    Koschmieder's law, I = J·t + A·(1 − t), with one transmission t for the whole scene. (h, w, 3) BGR uint8
    in and out.
    """
    del chance
    transmission = _TRANSMISSION[severity - 1]
    levels = np.arange(256) * transmission + _AIRLIGHT * (1 - transmission)
    return np.asarray(cv2.LUT(pixels, np.rint(levels).astype(np.uint8)), dtype=np.uint8)
