"""Samples: from the numbers an image is stored in to bytes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UnreadableImageError

__all__ = ["over_black", "to_bytes"]

_OVERSHOOT = 0.1


def to_bytes(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Return samples of any shape as uint8, 0 for none and 255 for full; uint8 is returned as it is.

    bool becomes 0 and 255; uint16 is divided by 257 and rounded; other integers must lie in 0…255; floats are
    multiplied by 255 and rounded, those up to 0.1 outside [0, 1] clipped.

    Raises
    ------
    UnreadableImageError
        For values outside those ranges, NaN, and types that are no numbers.

    Examples
    --------
    >>> to_bytes(np.array([0.0, 0.5, 1.0])).tolist()
    [0, 128, 255]
    >>> to_bytes(np.array([65535, 257], dtype=np.uint16)).tolist()
    [255, 1]
    """
    if samples.dtype == np.uint8:
        return samples
    if samples.dtype == np.bool_:
        return samples.astype(np.uint8) * np.uint8(255)
    if samples.dtype == np.uint16:
        # (v + 128) // 257 rounds v / 257, which is never half-way, and stays within 32 bits
        return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if samples.dtype.kind in "iu":
        if samples.size and (samples.min() < 0 or samples.max() > 255):
            raise UnreadableImageError("integer pixels outside 0…255")
        return samples.astype(np.uint8)
    if samples.dtype.kind != "f":
        raise UnreadableImageError(f"pixels of type {samples.dtype}")
    low, high = (float(samples.min()), float(samples.max())) if samples.size else (0.0, 0.0)
    if not (low >= -_OVERSHOOT and high <= 1 + _OVERSHOOT):
        raise UnreadableImageError("floating-point pixels outside [0, 1]")
    return np.asarray(np.rint(np.clip(samples, 0.0, 1.0) * 255.0), dtype=np.uint8)


def over_black(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (h, w, 4) pixels with straight alpha laid over black: (h, w, 3), colour times alpha, rounded.

    Examples
    --------
    >>> over_black(np.array([[[200, 100, 50, 128]]], dtype=np.uint8)).tolist()
    [[[100, 50, 25]]]
    """
    colour = np.ascontiguousarray(pixels[:, :, :3])
    alpha = np.ascontiguousarray(pixels[:, :, 3])
    if cv2.minMaxLoc(alpha)[0] == 255:
        return colour
    weight = cv2.merge([alpha, alpha, alpha])
    return np.asarray(cv2.multiply(colour, weight, scale=1 / 255), dtype=np.uint8)
