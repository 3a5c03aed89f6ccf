"""Traces of compression: steps on the 8 × 8 grid, and the quality a JPEG file was saved with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.views import Views

__all__ = ["blockiness", "jpeg_quality"]

BLOCK = 8


def blockiness(views: Views) -> float:
    """Return how much larger the steps on an 8 × 8 grid are than between, relative to those between; NaN below 24 × 24.

    Mean over both axes of (steps at the strongest of the eight phases − median over phases) / (median + ½ grey level).
    Every phase is tried, since a crop or a rotation moves the grid. 0…, about 0 without a grid.
    """
    if min(views.grey.shape) < 3 * BLOCK:
        return float("nan")
    across, down = views.step_profiles
    return (grid_excess(across) + grid_excess(down)) / 2


def grid_excess(profile: NDArray[np.float64]) -> float:
    """Return the excess of the strongest phase of period 8 in a (n ≥ 16,) profile of mean steps, relative to the median."""
    whole = profile.size // BLOCK * BLOCK
    phases = profile[:whole].reshape(-1, BLOCK).mean(axis=0)
    middle = float(np.median(phases))
    return (float(phases.max()) - middle) / (middle + 0.5)


def jpeg_quality(views: Views) -> float:
    """Return the quality on the scale of the Independent JPEG Group, 1…100, read off the tables; NaN unless JPEG."""
    return float(views.header.jpeg_quality)
