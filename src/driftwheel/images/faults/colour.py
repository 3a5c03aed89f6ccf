"""Colour: a wrong white balance or an ageing lamp, and a camera that fell back to black and white."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.faults.fault import Chance

__all__ = ["CAST_HUES", "colour_cast", "greyscale", "is_grey"]

_DIRECTION = {  # relative gain in blue, green, red
    "red": (-0.5, -0.5, 1.0),
    "yellow": (-1.0, 0.5, 0.5),
    "green": (-0.5, 1.0, -0.5),
    "cyan": (0.5, 0.5, -1.0),
    "blue": (1.0, -0.5, -0.5),
    "magenta": (0.5, -1.0, 0.5),
}
CAST_HUES = tuple(_DIRECTION)
"""Variants of a colour cast: a camera leans to one of them."""

_STRENGTH = (0.07, 0.13, 0.22, 0.36, 0.55)


def colour_cast(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Scale the channels apart, towards the camera's hue, by 7, 13, 22, 36 or 55 %, clipping at white.

    (h, w, 3) BGR uint8 in and out. An image without colour takes the cast too: it stands for a colour camera
    before a grey scene.
    """
    gains = 1.0 + _STRENGTH[severity - 1] * np.asarray(_DIRECTION[chance.variant])
    levels = np.clip(np.rint(np.arange(256)[:, None] * gains), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, levels.reshape(256, 1, 3)), dtype=np.uint8)


def greyscale(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Take away all colour, keeping luminance (ITU-R BT.601).

    (h, w, 3) BGR uint8 in, three equal channels out.
    """
    del severity, chance
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


def is_grey(pixels: NDArray[np.uint8]) -> bool:
    """Return whether all three channels of (h, w, 3) pixels are equal.

    Examples
    --------
    >>> is_grey(np.full((2, 2, 3), 7, np.uint8))
    True
    """
    blue, green, red = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    return bool(np.array_equal(blue, green) and np.array_equal(green, red))
