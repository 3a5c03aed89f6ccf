"""Compression: JPEG at a quality too low, set by a camera or by a gateway short of bandwidth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.faults.fault import Chance

__all__ = ["compression", "compression_quality"]

_QUALITY = (50, 32, 18, 10, 5)
_USUAL = 75.0


def compression(pixels: NDArray[np.uint8], severity: int, chance: Chance) -> NDArray[np.uint8]:
    """Encode as JPEG of quality 50, 32, 18, 10 or 5 (IJG scale) and decode again.

    (h, w, 3) BGR uint8 in and out.
    """
    del chance
    written, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY[severity - 1]])
    if not written:  # pragma: no cover - cv2 refuses only shapes that the library never makes
        raise ValueError(f"cv2 could not encode an image of shape {pixels.shape} as JPEG")
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), dtype=np.uint8)


def compression_quality(severity: int, usual: float) -> int:
    """Return the JPEG quality of a camera that usually writes `usual` (1 to 100) and has this fault.

    That of `compression`, lowered in proportion where the camera's usual quality is below 75: severity 1
    must still be worse than usual.

    Examples
    --------
    >>> compression_quality(1, 92.0), compression_quality(1, 60.0), compression_quality(5, 92.0)
    (50, 40, 5)
    """
    return max(1, round(_QUALITY[severity - 1] * min(1.0, usual / _USUAL)))
