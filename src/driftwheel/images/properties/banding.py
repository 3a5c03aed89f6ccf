"""Banding: rows or columns that are lighter or darker than both their neighbours."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.views import Views

__all__ = ["banding"]


def banding(views: Views) -> float:
    """Return how far lines stand out of both neighbours: RMS, grey levels, full scale; NaN below 3 × 3.

    A line counts with the smaller of the steps of its mean to the two neighbours where both go the same
    way; an edge in the scene goes up on one side only and does not count. The larger of rows and
    columns. One dead line among n in an image of mean m gives m / √n. In fast mode times the root
    of the block size, which makes that hold there.
    """
    if min(views.full_grey.shape) < 3:
        return float("nan")
    columns, rows = views.line_means
    return math.sqrt(views.scale) * max(_spike_height(columns), _spike_height(rows))


def _spike_height(means: NDArray[np.float64]) -> float:
    """Return the RMS, over the inner of n ≥ 3 numbers, of the height above or depth below both neighbours."""
    before, after = means[1:-1] - means[:-2], means[1:-1] - means[2:]
    heights = np.minimum(np.abs(before), np.abs(after))[before * after > 0]
    return math.sqrt(float((heights * heights).sum()) / before.size)
