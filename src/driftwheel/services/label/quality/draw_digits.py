"""Draw digits into an image that people read at a glance and programs do not without being made for it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["draw_digits"]

_HEIGHT, _STEP, _MARGIN = 96, 52, 24  # pixels
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)
_DARKEST, _LIGHTEST = 40, 215  # of digits and ground: dark on light, well told apart


def draw_digits(digits: str, rng: np.random.Generator) -> bytes:
    r"""Return a PNG of 96 pixels in height, grey, with the digits: turned, shifted, bent, crossed, noisy.

    Examples
    --------
    >>> draw_digits("4073", np.random.default_rng(1))[:4]
    b'\x89PNG'
    """
    width = 2 * _MARGIN + _STEP * len(digits)
    page = np.full((_HEIGHT, width), _LIGHTEST, np.uint8)
    for number, digit in enumerate(digits):
        ink = np.zeros_like(page)
        x = _MARGIN + number * _STEP + int(rng.integers(4, 14))
        y = int(rng.integers(64, 78))
        font, scale = _FONTS[int(rng.integers(len(_FONTS)))], float(rng.uniform(1.9, 2.2))
        cv2.putText(ink, digit, (x, y), font, scale, 255, int(rng.integers(3, 5)), cv2.LINE_AA)
        turn = cv2.getRotationMatrix2D((x + 15, y - 18), float(rng.uniform(-12, 12)), 1.0)
        ink = np.asarray(cv2.warpAffine(ink, turn, (width, _HEIGHT)), np.uint8)
        page = np.where(ink > 96, rng.integers(_DARKEST, 90), page).astype(np.uint8)
    for _ in range(3):
        ends = [(int(x), int(rng.integers(10, _HEIGHT - 10))) for x in (0, width)]
        cv2.line(page, ends[0], ends[1], int(rng.integers(110, 160)), 1, cv2.LINE_AA)
    page = _bent(page, rng)
    noisy = page + rng.normal(0.0, 14.0, page.shape)
    return cv2.imencode(".png", np.clip(noisy, 0, 255).astype(np.uint8))[1].tobytes()


def _bent(page: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return an image whose rows and columns are shifted along waves."""
    height, width = page.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, 2)
    to_x = (x + 2.0 * np.sin(y / 14.0 + phase[0])).astype(np.float32)
    to_y = (y + 3.0 * np.sin(x / 22.0 + phase[1])).astype(np.float32)
    bent = cv2.remap(page, to_x, to_y, cv2.INTER_LINEAR, borderValue=(_LIGHTEST,))
    return np.asarray(bent, np.uint8)
