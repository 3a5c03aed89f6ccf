"""Colour, at reduced scale.

The two axes of the colour cast are the opponent axes red − green and yellow − blue of Hasler and Süsstrunk
(2003). They run along a* and b* of CIE Lab, are zero where those are zero on the axis of greys, and need no
table.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from driftwheel.images.views import Views

__all__ = ["colour_cast_a", "colour_cast_b", "colourfulness", "grey_share", "hue", "saturation"]

HUE_ANGLES = np.deg2rad(2.0 * np.arange(180))
HUE_COSINES = np.cos(HUE_ANGLES)
HUE_SINES = np.sin(HUE_ANGLES)
GREY_UP_TO = 4


def hue(views: Views) -> float:
    """Return the mean hue in degrees, [0, 360): 0 red, 120 green, 240 blue; NaN without colour.

    The circular mean over block means, each weighted by its chroma (saturation × value), so that dark and
    grey ones, whose hue is chance, do not count. "Without colour" is a mean chroma below one grey level.
    """
    chroma = views.chroma
    if cv2.mean(chroma)[0] < 1.0:
        return float("nan")
    weights = np.bincount(views.hsv[:, :, 0].ravel(), weights=chroma.ravel(), minlength=180)
    along, across = float((weights * HUE_COSINES).sum()), float((weights * HUE_SINES).sum())
    return math.degrees(math.atan2(across, along)) % 360.0


def saturation(views: Views) -> float:
    """Return the mean saturation of the HSV cone, 0…1."""
    return cv2.mean(views.hsv)[1] / 255.0


def colourfulness(views: Views) -> float:
    """Return the colourfulness M of Hasler and Süsstrunk (2003): 0 grey, 33 moderate, 109 extreme.

    M = σ + 0.3 μ, with σ and μ the lengths of the pairs of deviations and of means of red − green and
    of yellow − blue. The squares are summed exactly: with y = (R + G) / 2 − B, 4 y² = 2 (R − B)² + 2 (G
    − B)² − (R − G)².

    Source: D. Hasler and S. Süsstrunk, "Measuring colourfulness in natural images", SPIE 5007, 2003.
    """
    blue, green, red = views.channels
    red_green = cv2.norm(red, green, cv2.NORM_L2SQR) / blue.size
    red_blue = cv2.norm(red, blue, cv2.NORM_L2SQR) / blue.size
    green_blue = cv2.norm(green, blue, cv2.NORM_L2SQR) / blue.size
    yellow_blue = (2 * red_blue + 2 * green_blue - red_green) / 4
    mean_square = colour_cast_a(views) ** 2 + colour_cast_b(views) ** 2
    deviation_square = max(0.0, red_green + yellow_blue - mean_square)
    return math.sqrt(deviation_square) + 0.3 * math.sqrt(mean_square)


def colour_cast_a(views: Views) -> float:
    """Return mean red minus mean green, −255…255 grey levels: below 0 greenish."""
    _, green, red = views.channel_means
    return red - green


def colour_cast_b(views: Views) -> float:
    """Return the mean of red and green minus mean blue, −255…255 grey levels: below 0 bluish."""
    blue, green, red = views.channel_means
    return (red + green) / 2 - blue


def grey_share(views: Views) -> float:
    """Return the share of block means whose channels differ by at most 4 grey levels, 0…1."""
    coloured = views.buffer("coloured", *views.chroma.shape)
    cv2.threshold(views.chroma, GREY_UP_TO, 1, cv2.THRESH_BINARY, coloured)
    return 1.0 - cv2.countNonZero(coloured) / coloured.size
