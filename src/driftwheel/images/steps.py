"""Steps between neighbouring pixels, and means of whole lines: what detail, mosaics and stripes show in."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Energies", "column_means", "energies", "mean_squared_difference", "row_means"]

Pixels = NDArray[np.uint8]


class Energies(NamedTuple):
    """Mean squared differences of pixels a step apart, in squared grey levels, within the image's border."""

    right: float
    down: float
    falling: float  # one down and one right
    rising: float  # one down and one left
    right_two: float
    down_two: float


def energies(grey: Pixels) -> Energies:
    """Return the mean squared steps of (h ≥ 3, w ≥ 3) pixels."""
    return Energies(
        mean_squared_difference(grey[1:-1, :-1], grey[1:-1, 1:]),
        mean_squared_difference(grey[:-1, 1:-1], grey[1:, 1:-1]),
        mean_squared_difference(grey[:-1, :-1], grey[1:, 1:]),
        mean_squared_difference(grey[:-1, 1:], grey[1:, :-1]),
        mean_squared_difference(grey[1:-1, :-2], grey[1:-1, 2:]),
        mean_squared_difference(grey[:-2, 1:-1], grey[2:, 1:-1]),
    )


def mean_squared_difference(here: Pixels, there: Pixels) -> float:
    """Return the mean squared difference of two equal (h, w) uint8 views."""
    return float(cv2.norm(here, there, cv2.NORM_L2SQR)) / here.size


def column_means(pixels: Pixels) -> NDArray[np.float64]:
    """Return the (w,) means of the columns of (h, w) uint8, from exact sums."""
    sums = cv2.reduce(pixels, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return np.divide(sums.ravel(), float(pixels.shape[0]), dtype=np.float64)


def row_means(pixels: Pixels) -> NDArray[np.float64]:
    """Return the (h,) means of the rows of (h, w) uint8, from exact sums."""
    sums = cv2.reduce(pixels, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return np.divide(sums.ravel(), float(pixels.shape[1]), dtype=np.float64)
