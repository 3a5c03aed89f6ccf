"""Residual noise: what is left in the smoothest places of an image once its structure is filtered away."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.views import Views

__all__ = ["residual_noise"]

TILE = 8
SMOOTHEST = 0.25
LOWEST_QUARTER = 0.795
"""Mean over the lowest quarter of tiles / mean over all tiles, for white Gaussian noise on a flat image."""


def residual_noise(views: Views) -> float:
    """Return the estimated deviation of noise in grey levels, at full scale; NaN below 10 × 10.

    The image is filtered with Immerkær's mask (1, −2, 1)ᵀ(1, −2, 1), which is blind to constant and
    linear shading and to straight upright or flat edges, and answers noise of deviation σ with
    deviation 6 σ. The mean positive answer is taken over tiles of 8 × 8 pixels, and then over the
    quarter of the tiles where it is least: texture counts only when it is everywhere. Of large images
    (from 448 pixels on the shorter side) three bands of rows are looked at, a tenth of all.

    On a flat image with white Gaussian noise right within 10 % for 0.7 ≤ σ ≤ 30. Rounding to whole grey
    levels adds 1/12 to σ², and clipping hides noise. In fast mode times 2 or 4, as block means divide white
    noise by that.

    Source: J. Immerkær, "Fast noise variance estimation", Computer Vision and Image Understanding 64, 1996.
    """
    grey = views.full_grey
    height, width = grey.shape
    if min(height, width) < TILE + 2:
        return float("nan")
    if views.every < 4:
        bands = [grey]
    else:
        rows = max(3 * TILE + 2, height // 36)
        bands = [grey[start : start + rows] for start in (height // 6, height // 2, 5 * height // 6)]
    rows = len(bands[0])
    answers = views.buffer("answers", len(bands) * rows, width)
    for at, band in enumerate(bands):
        cv2.Sobel(band, cv2.CV_8U, 2, 2, answers[at * rows : (at + 1) * rows], ksize=3)
    corners = views.running_sums(answers).ravel()[tile_corners(len(bands), rows, width)]
    tiles = corners[:, 1:, 1:] - corners[:, 1:, :-1] - corners[:, :-1, 1:] + corners[:, :-1, :-1]
    count = max(1, round(SMOOTHEST * tiles.size))
    smoothest = int(np.partition(tiles, count - 1, axis=None)[:count].sum()) / (count * TILE * TILE)
    return views.scale * smoothest * math.sqrt(2 * math.pi) / 6.0 / LOWEST_QUARTER


@lru_cache(maxsize=64)
def tile_corners(bands: int, rows: int, width: int) -> NDArray[np.intp]:
    """Return the (bands, r + 1, c + 1) places of tile corners in flat running sums of bands stacked up.

    The border of each band, where the filter has guessed, is left out.
    """
    down = np.arange(1, rows, TILE)
    across = np.arange(1, width, TILE)
    start = rows * np.arange(bands)
    return np.asarray((start[:, None, None] + down[:, None]) * (width + 1) + across, dtype=np.intp)
