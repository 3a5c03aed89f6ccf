"""Colour, from the block means.

The two axes of the colour cast are the opponent axes red − green and yellow − blue (Hasler and Süsstrunk 2003), which
run along a* and b* of CIE Lab and need no table: a* = 0 is R = G on the grey axis, b* = 0 is (R + G) / 2 = B there.
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

    The circular mean over pixels, each weighted by its chroma (saturation × value), so that dark and grey pixels, whose
    hue is chance, do not count. "Without colour" is a mean chroma below one grey level.
    """
    if cv2.mean(views.chroma)[0] < 1.0:
        return float("nan")
    weights = np.bincount(views.hsv[:, :, 0].ravel(), weights=views.chroma.ravel(), minlength=180)
    along, across = float(weights @ HUE_COSINES), float(weights @ HUE_SINES)
    return math.degrees(math.atan2(across, along)) % 360.0


def saturation(views: Views) -> float:
    """Return the mean saturation of the HSV cone, 0…1."""
    return cv2.mean(views.hsv)[1] / 255.0


def colourfulness(views: Views) -> float:
    """Return the colourfulness M of Hasler and Süsstrunk (2003): 0 grey, 33 moderate, 82 highly, 109 extremely colourful."""
    blue, green, red = (channel.astype(np.int32) for channel in cv2.split(views.reduced))
    red_green = red - green
    yellow_blue = red + green - 2 * blue  # twice the axis, to stay with whole numbers
    deviation = math.hypot(float(red_green.std()), float(yellow_blue.std()) / 2)
    return deviation + 0.3 * math.hypot(float(red_green.mean()), float(yellow_blue.mean()) / 2)


def colour_cast_a(views: Views) -> float:
    """Return mean red minus mean green, −255…255 grey levels: below 0 greenish, above reddish."""
    _, green, red = views.channel_means
    return red - green


def colour_cast_b(views: Views) -> float:
    """Return the mean of red and green minus mean blue, −255…255 grey levels: below 0 bluish, above yellowish."""
    blue, green, red = views.channel_means
    return (red + green) / 2 - blue


def grey_share(views: Views) -> float:
    """Return the share of block means whose channels differ by at most 4 grey levels, 0…1."""
    coloured = cv2.countNonZero(cv2.threshold(views.chroma, GREY_UP_TO, 1, cv2.THRESH_BINARY)[1])
    return 1.0 - coloured / views.chroma.size
