"""Occlusion: dirt, a drop, a web, a leaf or a loose cable before the lens."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.faults.fault import Chance

__all__ = ["occlusion"]

_COVERED = (0.04, 0.08, 0.15, 0.26, 0.42)
_OPACITY = 0.9
_SOFTNESS = 0.25


def occlusion(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Cover about 4, 8, 15, 26 or 42 % of the image with a soft-edged dark smudge that stays where it is.

    An ellipse out of focus, nine tenths opaque, between grey levels 20 and 70, brownish, or grey on an image
    without colour; place, shape and shade are the camera's own, and part of it may lie outside. (h, w, 3)
    BGR uint8 in and out.
    """
    height, width = pixels.shape[:2]
    centre_x, centre_y = chance.camera.uniform(0.15, 0.85, 2)
    stretch = float(np.exp(chance.camera.uniform(-0.5, 0.5)))
    turn = float(chance.camera.uniform(0, np.pi))
    shade = float(chance.camera.uniform(20, 70))
    radius = float(np.sqrt(_COVERED[severity - 1] * height * width / np.pi))
    x = np.arange(width, dtype=np.float32)[None, :] + np.float32(0.5 - centre_x * width)
    y = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5 - centre_y * height)
    cosine, sine = float(np.cos(turn)), float(np.sin(turn))
    along = (x * cosine + y * sine) / (stretch * radius)
    across = (y * cosine - x * sine) / (radius / stretch)
    distance = cv2.magnitude(along, across)
    cover = _OPACITY * np.clip((1 + _SOFTNESS - distance) / (2 * _SOFTNESS), 0, 1)
    grey = np.array_equal(pixels[..., 0], pixels[..., 2])
    dirt = np.empty_like(pixels)
    dirt[:] = np.rint(shade * (np.ones(3) if grey else np.array([0.75, 0.9, 1.0])))
    return np.asarray(cv2.blendLinear(pixels, dirt, 1 - cover, cover), dtype=np.uint8)
