"""Pixelation: a mosaic of equal pixels, as left by enlarging without interpolation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.views import Views

__all__ = ["pixelation"]


def pixelation(views: Views) -> float:
    """Return how far steps lie on a comb of rows and columns, 0…1, at full scale; NaN below 8 × 8 or flat.

    In a mosaic of any period from 2 pixels, whole or not, all steps lie on the borders of its cells:
    the profile of the mean steps along an axis jumps between nothing and something at every border, and
    its total variation is twice its sum. In a photo neighbouring lines have nearly equal steps. The
    lower of both axes, so stripes alone do not count.
    In fast mode mosaics finer than its blocks of 2 or 4 pixels are not seen.
    """
    if min(views.full_grey.shape) < 8:
        return float("nan")
    across, down = views.step_profiles
    return min(_comb(across), _comb(down)) if across.any() and down.any() else float("nan")


def _comb(profile: NDArray[np.float64]) -> float:
    """Return the total variation, from and back to zero, of n ≥ 1 numbers ≥ 0 over twice their sum."""
    variation = float(np.abs(profile[1:] - profile[:-1]).sum()) + float(profile[0] + profile[-1])
    return min(1.0, variation / (2.0 * float(profile.sum())))
