"""Haze: light scattered over everything, which leaves no dark place anywhere."""

from __future__ import annotations

import cv2
import numpy as np

from driftwheel.images.views import Views

__all__ = ["haze"]

PATCH = np.ones((5, 5), np.uint8)


def haze(views: Views) -> float:
    """Return the mean dark channel, 0…1, at reduced scale: the darkest channel within 5 × 5, averaged.

    Near 0 in clear scenes, and about the share of airlight in hazy ones.

    Source: K. He, J. Sun and X. Tang, "Single image haze removal using dark channel prior", CVPR 2009.
    """
    dark = cv2.erode(views.darkest_channel, PATCH, views.buffer("dark", *views.darkest_channel.shape))
    return cv2.mean(dark)[0] / 255.0
