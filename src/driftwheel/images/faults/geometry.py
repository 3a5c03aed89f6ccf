"""Geometry: a camera knocked askew, mounted the wrong way round, zoomed in, or set to a smaller picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.faults.fault import Chance

__all__ = ["FLIPS", "ROTATION_SENSES", "crop", "flip", "resolution", "rotation"]

ROTATION_SENSES = ("clockwise", "anticlockwise")
FLIPS = ("upside_down", "mirrored")

_DEGREES = (5.0, 10.0, 18.0, 30.0, 45.0)
_KEPT_VIEW = (0.90, 0.80, 0.68, 0.54, 0.40)
_SCALE = (0.85, 0.70, 0.50, 0.35, 0.20)
_LEAST_SIDE = 4


def rotation(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Turn by 5, 10, 18, 30 or 45 degrees about the centre, at the same scale and size.

    (h, w, 3) BGR uint8 in and out. What comes into view at the corners is the image mirrored at its edge: no
    black corners that would give the fault away.
    """
    height, width = pixels.shape[:2]
    degrees = _DEGREES[severity - 1] * (1.0 if chance.variant == "anticlockwise" else -1.0)
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    return _warp(pixels, turn, cv2.INTER_CUBIC)


def flip(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Show the image upside down (turned by 180°) or mirrored (left and right swapped).

    (h, w, 3) BGR uint8 in and out. A mirrored view can only be told where left and right differ in the
    scene; of most subjects both are as likely.
    """
    del severity
    return np.ascontiguousarray(pixels[::-1, ::-1] if chance.variant == "upside_down" else pixels[:, ::-1])


def crop(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Keep 90, 80, 68, 54 or 40 % of width and height near the centre, enlarged to full size like a zoom.

    The middle of the view is up to a quarter of the free room off the centre, the same for one camera.
    (h, w, 3) BGR uint8 in and out.
    """
    height, width = pixels.shape[:2]
    kept = _KEPT_VIEW[severity - 1]
    off_x, off_y = chance.camera.uniform(-0.25, 0.25, 2) * (1 - kept) * np.array([width, height])
    corner = np.array([[(1 - kept) * width / 2 + off_x], [(1 - kept) * height / 2 + off_y]])
    zoom = np.hstack([np.eye(2) * kept, corner + (kept - 1) / 2])
    return _warp(pixels, zoom, cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)


def resolution(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Scale width and height to 85, 70, 50, 35 or 20 %, at least 4 px.

    (h, w, 3) BGR uint8 in, (h′, w′, 3) out.
    """
    del chance
    scale = _SCALE[severity - 1]
    height, width = (min(side, max(_LEAST_SIDE, round(scale * side))) for side in pixels.shape[:2])
    smaller = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, dtype=np.uint8)


def _warp(pixels: NDArray[np.uint8], matrix: NDArray[Any], flags: int) -> NDArray[np.uint8]:
    """Move pixels by a (2, 3) affine matrix, keeping the size and mirroring at the edge."""
    size = (pixels.shape[1], pixels.shape[0])
    moved = cv2.warpAffine(pixels, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, dtype=np.uint8)
