"""Tone: how light the pixels are, and how differently: from the histogram of grey levels at medium scale."""

from __future__ import annotations

import math

import numpy as np

from driftwheel.images.views import Views

__all__ = ["black_share", "brightness", "contrast", "dynamic_range", "entropy", "white_share"]

LEVELS = np.arange(256, dtype=np.int64)
SQUARES = LEVELS * LEVELS
BLACK_UP_TO = 5
WHITE_FROM = 250


def brightness(views: Views) -> float:
    """Return the mean grey level at full scale, 0…255."""
    return float(views.line_means[1].mean())


def contrast(views: Views) -> float:
    """Return the RMS contrast: the standard deviation of the grey levels, 0…127.5."""
    count = views.medium_grey.size
    first, second = int(views.tones @ LEVELS), int(views.tones @ SQUARES)
    return math.sqrt(count * second - first * first) / count


def dynamic_range(views: Views) -> float:
    """Return the lightest minus the darkest grey level, a hundredth of the pixels left out at either end."""
    count = views.medium_grey.size
    below = np.cumsum(views.tones)
    return float(below.searchsorted(count - count // 100) - below.searchsorted(count // 100 + 1))


def black_share(views: Views) -> float:
    """Return the share of pixels with a grey level of at most 5."""
    return int(views.tones[: BLACK_UP_TO + 1].sum()) / views.medium_grey.size


def white_share(views: Views) -> float:
    """Return the share of pixels with a grey level of at least 250."""
    return int(views.tones[WHITE_FROM:].sum()) / views.medium_grey.size


def entropy(views: Views) -> float:
    """Return the Shannon entropy of the histogram of grey levels in bit, 0…8."""
    shares = views.tones[views.tones > 0] / float(views.medium_grey.size)
    return max(0.0, -float((shares * np.log2(shares)).sum()))
