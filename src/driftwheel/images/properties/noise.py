"""Residual noise: what is left in the smoothest places of an image once its structure is filtered away."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.views import Pixels, Views

__all__ = ["residual_noise"]

TILE = 8
SMOOTHEST = 0.25
BAND = 3 * TILE + 2
LOWEST_QUARTER = 0.866
"""Mean over the lowest quarter of tiles / mean over all tiles, for white Gaussian noise on a flat image."""


def residual_noise(views: Views) -> float:
    """Return the estimated deviation of noise in grey levels, at full scale; NaN below 10 × 10.

    The image is filtered with Immerkær's mask (1, −2, 1)ᵀ(1, −2, 1), which is blind to constant and
    linear shading and to straight upright or flat edges, and answers noise of deviation σ with
    deviation 6 σ. The mean positive answer is taken over tiles of 8 × 8 pixels, and then over the
    quarter of the tiles where it is least: texture counts only when it is everywhere. Of images large
    enough for a medium scale, three bands of rows are looked at, a sixth of all.

    On a flat image with white Gaussian noise right within 10 % for 0.7 ≤ σ ≤ 30. Rounding to whole grey
    levels adds 1/12 to σ², and clipping hides noise. In fast mode doubled, as halving an image halves white
    noise.

    Source: J. Immerkær, "Fast noise variance estimation", Computer Vision and Image Understanding 64, 1996.
    """
    grey = views.full_grey
    height = grey.shape[0]
    band = max(BAND, height // 18)
    if min(grey.shape) < TILE + 2:
        return float("nan")
    if views.medium_reduction == 1:
        tiles = answers(views, grey)
    else:
        tiles = np.concatenate(
            [
                answers(views, grey[start : start + band])
                for start in (height // 6, height // 2, 5 * height // 6)
            ]
        )
    count = max(1, round(SMOOTHEST * tiles.size))
    smoothest = int(np.partition(tiles, count - 1)[:count].sum()) / (count * TILE * TILE)
    return views.scale * smoothest * math.sqrt(2 * math.pi) / 6.0 / LOWEST_QUARTER


def answers(views: Views, grey: Pixels) -> NDArray[np.int32]:
    """Return the sum of the positive answers in every whole tile of (h ≥ 10, w ≥ 10) pixels, in any order."""
    height, width = (grey.shape[0] - 2) // TILE * TILE, (grey.shape[1] - 2) // TILE * TILE
    answer = views.buffer("answers", *grey.shape)
    cv2.Sobel(grey, cv2.CV_8U, 2, 2, answer, ksize=3)
    sums = views.running_sums(answer[1 : 1 + height, 1 : 1 + width])[::TILE, ::TILE]
    return (sums[1:, 1:] - sums[1:, :-1] - sums[:-1, 1:] + sums[:-1, :-1]).ravel()
