"""Traces of compression: steps on the 8 × 8 grid, and the quality a JPEG file was saved with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.views import Views

__all__ = ["blockiness", "jpeg_quality"]

BLOCK = 8


def blockiness(views: Views) -> float:
    """Return how much larger steps are on an 8 × 8 grid than between, at full scale; NaN below 24 × 24.

    Mean over both axes of (steps at the strongest of the eight phases − median over the phases) /
    (median + ½ grey level): about 0 without a grid. Every phase is tried, since a crop or a rotation
    moves the grid. In fast mode the grid is 4 × 4 or 2 × 2.
    """
    period = BLOCK // views.scale
    if min(views.full_grey.shape) < 3 * BLOCK:
        return float("nan")
    across, down = views.step_profiles
    return (_grid_excess(across, period) + _grid_excess(down, period)) / 2


def _grid_excess(profile: NDArray[np.float64], period: int) -> float:
    """Return the excess of the strongest phase over the median one, relative to the median plus ½."""
    whole = profile.size // period * period
    phases = sorted((profile[:whole].reshape(-1, period).sum(axis=0) * (period / whole)).tolist())
    middle = (phases[period // 2 - 1] + phases[period // 2]) / 2
    return float((phases[-1] - middle) / (middle + 0.5))


def jpeg_quality(views: Views) -> float:
    """Return the quality on the scale of the Independent JPEG Group, 1…100; NaN unless JPEG."""
    return float(views.header.jpeg_quality)
