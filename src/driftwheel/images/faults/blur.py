"""Blur: a lens out of focus, and a camera or scene that moves while the shutter is open."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.faults.fault import Chance

__all__ = ["MOTION_DIRECTIONS", "blur", "motion_blur"]

MOTION_DIRECTIONS = ("0°", "45°", "90°", "135°")
"""Variants of motion blur; a camera's direction lies within 22.5° of one of them."""

_RADIUS = ((0.004, 0.6), (0.008, 0.9), (0.016, 1.3), (0.030, 2.0), (0.060, 3.0))
_LENGTH = ((0.014, 2.2), (0.027, 3.2), (0.050, 4.4), (0.090, 6.0), (0.150, 8.0))
_OVERSAMPLING = 8


def blur(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Defocus: convolve with a disk whose radius is 0.4, 0.8, 1.6, 3 or 6 % of the shorter side.

    At least 0.6, 0.9, 1.3, 2 or 3 px, so that it shows on small images too; (h, w, 3) BGR uint8 in and out.
    """
    del chance
    share, least = _RADIUS[severity - 1]
    return _convolve(pixels, _disk(max(share * min(pixels.shape[:2]), least)))


def motion_blur(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Motion: convolve with a straight line 1.4, 2.7, 5, 9 or 15 % of the shorter side long.

    At least 2.2, 3.2, 4.4, 6 or 8 px; the direction is the camera's own. (h, w, 3) BGR uint8 in and out.
    """
    share, least = _LENGTH[severity - 1]
    middle = 45.0 * MOTION_DIRECTIONS.index(chance.variant)
    angle = middle + float(chance.camera.uniform(-22.5, 22.5))
    kernel = _line(max(share * min(pixels.shape[:2]), least), angle)
    return _convolve(pixels, kernel)


def _disk(radius: float) -> NDArray[np.float32]:
    """Return a disk of the given radius in pixels, anti-aliased by oversampling, that sums to 1."""
    reach = int(np.ceil(radius))
    side = (2 * reach + 1) * _OVERSAMPLING
    at = (np.arange(side) + 0.5) / _OVERSAMPLING - reach - 0.5
    inside = (at[:, None] ** 2 + at[None, :] ** 2 <= (radius + 0.5) ** 2).astype(np.float32)
    return _normalised(cv2.resize(inside, (2 * reach + 1, 2 * reach + 1), interpolation=cv2.INTER_AREA))


def _line(length: float, angle: float) -> NDArray[np.float32]:
    """Return an anti-aliased line of `length` pixels, `angle` degrees from the x axis, that sums to 1."""
    reach = int(np.ceil(length / 2))
    offsets = np.linspace(-length / 2, length / 2, 4 * reach * _OVERSAMPLING + 1)
    x = reach + offsets * np.cos(np.deg2rad(angle))
    y = reach + offsets * np.sin(np.deg2rad(angle))
    kernel = np.zeros((2 * reach + 2, 2 * reach + 2), dtype=np.float32)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = np.abs(1 - down - (y - top)) * np.abs(1 - right - (x - left))
        np.add.at(kernel, (top + down, left + right), weight)
    return _normalised(kernel[:-1, :-1])


def _convolve(pixels: NDArray[np.uint8], kernel: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(cv2.filter2D(pixels, -1, kernel, borderType=cv2.BORDER_REFLECT_101), dtype=np.uint8)


def _normalised(kernel: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)
