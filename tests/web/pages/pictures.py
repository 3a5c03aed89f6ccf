"""Pictures for a server under test: textures with a bright disc, some of them spoilt."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["BROKEN", "picture"]


def picture(seed: int, *, spoilt: bool = False, size: tuple[int, int] = (120, 160)) -> bytes:
    """Return a JPEG of `size` (height, width); a spoilt one is a coarse mosaic."""
    rng = np.random.default_rng(seed)
    height, width = size
    coarse = rng.integers(60, 190, (height // 4, width // 4, 3), dtype=np.uint8)
    pixels = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    centre = int(rng.integers(30, width - 30)), int(rng.integers(30, height - 30))
    cv2.circle(pixels, centre, 22, (40, 220, 240), -1, cv2.LINE_AA)
    if spoilt:
        small = cv2.resize(pixels, (width // 16, height // 16), interpolation=cv2.INTER_AREA)
        pixels = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


BROKEN = picture(1)[:700]
"""The beginning of a file: its header can be read, its pixels cannot."""
