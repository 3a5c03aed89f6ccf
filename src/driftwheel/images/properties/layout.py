"""Layout: where in the frame it is light, dark or empty, on an 8 × 8 grid of tiles over the block means."""

from __future__ import annotations

import cv2
import numpy as np

from driftwheel.images.views import Views

__all__ = ["corner_darkness", "flat_share", "left_right", "top_bottom"]

NAN = float("nan")
FLAT_BELOW = 2.0


def flat_share(views: Views) -> float:
    """Return the share of 64 tiles whose block means deviate by less than 2 grey levels; NaN below 16 × 16.

    Occlusion, dirt and defocus raise it, and so do sky and walls.
    """
    if min(views.reduced_grey.shape) < 16:
        return NAN
    return int(np.count_nonzero(views.grid_deviations < FLAT_BELOW)) / 64


def corner_darkness(views: Views) -> float:
    """Return 1 − mean of the 12 corner tiles / mean of the 16 tiles in the centre, −1…1; NaN below 8 × 8 and on a black centre.

    Above 0 when the corners are darker, as with vignetting. Below −1 is given as −1.
    """
    if min(views.reduced_grey.shape) < 8:
        return NAN
    tiles = views.grid_means
    corners = (tiles[:2, :2], tiles[:2, -2:], tiles[-2:, :2], tiles[-2:, -2:])
    inward = (tiles[1, 1], tiles[1, -2], tiles[-2, 1], tiles[-2, -2])
    corner = (sum(float(c.sum()) for c in corners) - float(sum(inward))) / 12
    centre = float(tiles[2:6, 2:6].mean())
    return max(-1.0, 1.0 - corner / centre) if centre > 0 else NAN


def top_bottom(views: Views) -> float:
    """Return the mean grey of the upper half minus that of the lower, −255…255 grey levels; NaN below 2 rows."""
    grey = views.reduced_grey
    half = grey.shape[0] // 2
    return cv2.mean(grey[:half])[0] - cv2.mean(grey[-half:])[0] if half else NAN


def left_right(views: Views) -> float:
    """Return the mean grey of the left half minus that of the right, −255…255 grey levels; NaN below 2 columns."""
    grey = views.reduced_grey
    half = grey.shape[1] // 2
    return cv2.mean(grey[:, :half])[0] - cv2.mean(grey[:, -half:])[0] if half else NAN
