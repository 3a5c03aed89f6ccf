"""Residual noise: what is left in the smoothest places of an image once its structure is filtered away."""

from __future__ import annotations

import math

import cv2
import numpy as np

from driftwheel.images.views import Views

__all__ = ["residual_noise"]

TILE = 8
SMOOTHEST = 0.25
# mean of the lowest quarter of the means of 8 × 8 responses to pure Gaussian noise, divided by the mean response
LOWEST_QUARTER = 0.866


def residual_noise(views: Views) -> float:
    """Return an estimate of the standard deviation of the noise, in grey levels; NaN below 10 × 10.

    The image is filtered with Immerkær's mask (1, −2, 1)ᵀ(1, −2, 1), blind to constant and linear shading and to straight
    upright or flat edges; noise of deviation σ answers with deviation 6 σ. The mean positive answer is taken over tiles
    of 8 × 8 pixels, and then over the quarter of the tiles where it is least, so that texture counts only when it is
    everywhere. On a flat image with Gaussian noise within 10 % for 0.7 ≤ σ ≤ 40; rounding to whole grey levels adds 1/12 to
    σ², and clipping hides noise.

    Source: J. Immerkær, "Fast noise variance estimation", Computer Vision and Image Understanding 64, 1996.
    """
    height, width = (side - 2 for side in views.grey.shape)
    rows, columns = height // TILE, width // TILE
    if rows < 1 or columns < 1:
        return float("nan")
    answer = cv2.Sobel(views.grey, cv2.CV_8U, 2, 2, ksize=3)[1:-1, 1:-1]
    sums = cv2.integral(answer)[: rows * TILE + 1 : TILE, : columns * TILE + 1 : TILE]
    tiles = np.sort(np.diff(np.diff(sums, axis=0), axis=1), axis=None)
    smoothest = tiles[: max(1, round(SMOOTHEST * tiles.size))]
    mean_positive = int(smoothest.sum()) / (smoothest.size * TILE * TILE)
    return mean_positive * math.sqrt(2 * math.pi) / 6.0 / LOWEST_QUARTER
