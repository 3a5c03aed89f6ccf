"""Banding: rows or columns that are lighter or darker than both their neighbours."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.views import Views

__all__ = ["banding"]


def banding(views: Views) -> float:
    """Return the RMS height of lines above or below both neighbours, in grey levels; NaN below 3 × 3.

    Line means at full resolution; a line counts with the smaller of its steps to the two neighbours when both go the same
    way, so an edge in the scene, which is a step, does not count. The larger of rows and columns. Dead lines raise it
    as much as periodic banding: one black row among 480 in a mid-grey image gives 5.
    """
    if min(views.grey.shape) < 3:
        return float("nan")
    columns, rows = views.line_means
    return max(spike_height(columns), spike_height(rows))


def spike_height(means: NDArray[np.float64]) -> float:
    """Return the RMS over inner elements of a (n ≥ 3,) series of their height above or depth below both neighbours."""
    before, after = means[1:-1] - means[:-2], means[1:-1] - means[2:]
    height = np.where(before * after > 0, np.minimum(np.abs(before), np.abs(after)), 0.0)
    return math.sqrt(float(np.mean(height * height)))
