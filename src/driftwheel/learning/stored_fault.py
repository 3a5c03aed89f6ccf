"""A camera fault as a model gets to see it: in the pixels, and then through JPEG, as cameras store them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.images.faults.table import apply_fault

__all__ = ["JPEG_QUALITIES", "stored_fault"]

JPEG_QUALITIES = (75, 96)
"""Of cameras: from the first on, below the second."""


def stored_fault(pixels: NDArray[np.uint8], case: FaultCase, camera: int, quality: int) -> NDArray[np.uint8]:
    """Return (h, w, 3) BGR uint8 pixels with a fault, as they come back from a JPEG file.

    Heavy compression is not stored once more: it is what storing did.

    Parameters
    ----------
    camera
        Seed of what a camera keeps, see `apply_fault`.
    quality
        Of the JPEG file, 1…100.

    Examples
    --------
    >>> grey = np.full((16, 16, 3), 100, np.uint8)
    >>> stored_fault(grey, FaultCase("haze", 3, ""), 0, 90).shape
    (16, 16, 3)
    """
    faulty = apply_fault(pixels, case.fault, case.severity, camera, variant=case.variant or None)
    if case.fault == "compression":
        return faulty
    stored, data = cv2.imencode(".jpg", faulty, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not stored:  # JPEG has a largest side
        return faulty
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
