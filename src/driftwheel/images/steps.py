"""Steps between neighbouring pixels, and means of whole lines: what detail, mosaics and stripes show in."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Energies", "column_means", "energies", "mean_squared_difference", "row_means"]

Pixels = NDArray[np.uint8]


class Energies(NamedTuple):
    """Mean squared differences of pixels a step apart, in squared grey levels, about the rows looked at."""

    right: float
    down: float
    falling: float  # one down and one right
    rising: float  # one down and one left
    right_two: float
    down_two: float


def energies(grey: Pixels, every: int = 1) -> Energies:
    """Return the mean squared steps about the inner pixels of every so many rows of (h ≥ 3, w ≥ 3) pixels.

    Steps of one pixel are averaged over both sides of each inner pixel, and diagonal ones over the four pairs
    of its direct neighbours, so that 8 (right + down) − 2 (falling + rising) − right_two − down_two is the
    mean squared 4-neighbour Laplacian of these pixels exactly.
    """
    above, here, below = grey[:-2:every], grey[1:-1:every], grey[2::every]
    left, middle, right = slice(None, -2), slice(1, -1), slice(2, None)
    difference = mean_squared_difference
    return Energies(
        right=(difference(here[:, left], here[:, middle]) + difference(here[:, middle], here[:, right])) / 2,
        down=(difference(above[:, middle], here[:, middle]) + difference(here[:, middle], below[:, middle]))
        / 2,
        falling=(difference(above[:, middle], here[:, right]) + difference(here[:, left], below[:, middle]))
        / 2,
        rising=(difference(above[:, middle], here[:, left]) + difference(here[:, right], below[:, middle]))
        / 2,
        right_two=difference(here[:, left], here[:, right]),
        down_two=difference(above[:, middle], below[:, middle]),
    )


def mean_squared_difference(one: Pixels, other: Pixels) -> float:
    """Return the mean squared difference of two equal (h, w) uint8 views."""
    return float(cv2.norm(one, other, cv2.NORM_L2SQR)) / one.size


def column_means(pixels: Pixels) -> NDArray[np.float64]:
    """Return the (w,) means of the columns of (h, w) uint8, from exact sums."""
    sums = cv2.reduce(pixels, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return np.asarray(sums.ravel() / float(pixels.shape[0]), dtype=np.float64)


def row_means(pixels: Pixels) -> NDArray[np.float64]:
    """Return the (h,) means of the rows of (h, w) uint8, from exact sums."""
    sums = cv2.reduce(pixels, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return np.asarray(sums.ravel() / float(pixels.shape[1]), dtype=np.float64)
