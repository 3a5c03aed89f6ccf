"""Dead pixels: sites of the sensor that always read black or white."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.faults.fault import Chance

__all__ = ["dead_pixels"]

_SHARE = (0.0008, 0.002, 0.006, 0.02, 0.06)
_LEAST = (2, 4, 8, 20, 50)


def dead_pixels(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Set 0.08, 0.2, 0.6, 2 or 6 % of the pixels to black (dead) or white (stuck), at least 2 to 50.

    The least numbers are 2, 4, 8, 20 and 50.     Always the same ones for one camera and image size; a
    graver fault keeps those of the milder. (h, w, 3) BGR uint8 in and out.
    """
    height, width = pixels.shape[:2]
    total = height * width
    order = chance.camera.permutation(total)
    reading = np.where(chance.camera.random(total) < 0.5, 0, 255).astype(np.uint8)
    count = min(total, max(round(_SHARE[severity - 1] * total), _LEAST[severity - 1]))
    result = pixels.reshape(total, 3).copy()
    result[order[:count]] = reading[:count, None]
    return result.reshape(pixels.shape)
