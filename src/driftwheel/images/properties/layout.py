"""Layout: where in the frame it is light, dark or empty."""

from __future__ import annotations

import cv2
import numpy as np

from driftwheel.images.tiles import tile_means
from driftwheel.images.views import Views

__all__ = ["corner_darkness", "flat_share", "left_right", "top_bottom"]

NAN = float("nan")
FLAT_BELOW = 2.5


def flat_share(views: Views) -> float:
    """Return the share of 8 × 8 tiles whose mean |step right| + |step down| is below 2.5; NaN below 17 × 17.

    In grey levels, at medium scale. Occlusion, dirt and defocus raise it, and so do sky and walls.
    """
    if min(views.medium_grey.shape) < 17:
        return NAN
    steps = tile_means(views.running_sums(views.edge_strength), 8, 8)
    return int(np.count_nonzero(steps < FLAT_BELOW)) / 64


def corner_darkness(views: Views) -> float:
    """Return 1 − mean of the corners / mean of the centre, at least −1; NaN below 16 × 16 or black.

    On a 4 × 4 grid: its four corners and the four tiles in the centre. Above 0 when the corners are darker.
    """
    if min(views.reduced_grey.shape) < 16:
        return NAN
    quarters = tile_means(views.reduced_sums, 4, 4)
    centre = float(quarters[1:3, 1:3].sum())
    corners = float(quarters[::3, ::3].sum())
    return max(-1.0, 1.0 - corners / centre) if centre > 0 else NAN


def top_bottom(views: Views) -> float:
    """Return the mean grey of the upper half minus that of the lower, in grey levels; NaN below 2 rows."""
    grey = views.reduced_grey
    half = grey.shape[0] // 2
    return cv2.mean(grey[:half])[0] - cv2.mean(grey[-half:])[0] if half else NAN


def left_right(views: Views) -> float:
    """Return the mean grey of the left half minus that of the right, in grey levels; NaN below 2 columns."""
    grey = views.reduced_grey
    half = grey.shape[1] // 2
    return cv2.mean(grey[:, :half])[0] - cv2.mean(grey[:, -half:])[0] if half else NAN
