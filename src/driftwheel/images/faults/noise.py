"""Noise: a sensor at high gain, in the dark or too warm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.faults.colour import is_grey
from driftwheel.images.faults.fault import Chance

__all__ = ["noise"]

_SIGMA = (5.0, 10.0, 18.0, 32.0, 60.0)


def noise(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Add Gaussian noise of standard deviation 5, 10, 18, 32 or 60 grey levels, clipped to 0…255.

    Fresh for every image. Independent in each channel; an image without colour gets the same noise in all
    three and stays without colour. (h, w, 3) BGR uint8 in and out.
    """
    height, width = pixels.shape[:2]
    channels = 1 if is_grey(pixels) else 3
    drawn = chance.image.standard_normal((height, width, channels), dtype=np.float32)
    noisy = pixels.astype(np.float32) + np.float32(_SIGMA[severity - 1]) * drawn
    return np.rint(np.clip(noisy, 0, 255, out=noisy), out=noisy).astype(np.uint8)
