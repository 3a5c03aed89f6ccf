"""Detail: how much fine structure an image holds, and which way it runs."""

from __future__ import annotations

import math

import cv2

from driftwheel.images.views import Views

__all__ = ["edge_balance", "edge_density", "fine_detail", "gradient_anisotropy", "sharpness"]

NAN = float("nan")
EDGE_FROM = 24


def sharpness(views: Views) -> float:
    """Return the mean squared 4-neighbour Laplacian in squared grey levels, at full scale; NaN below 3 × 3.

    The "variance of the Laplacian" (Pech-Pacheco and others, ICPR 2000), taken about zero, which is its mean
    up to the border. Of images from 224 pixels on the shorter side every second row is looked at, from 448
    on every eighth. Natural scenes look much the same at every scale, so fast mode does not correct.
    """
    if min(views.full_grey.shape) < 3:
        return NAN
    step = views.full_energies
    over_two = step.right_two + step.down_two
    return max(0.0, 8 * (step.right + step.down) - 2 * (step.falling + step.rising) - over_two)


def fine_detail(views: Views) -> float:
    """Return the energy of steps over one pixel by that over two, at full scale; NaN below 3 × 3 or flat.

    One for white noise, a quarter for a ramp: it falls with blur and with enlarging, whatever the contrast.
    """
    if min(views.full_grey.shape) < 3:
        return NAN
    step = views.full_energies
    over_two = step.right_two + step.down_two
    return (step.right + step.down) / over_two if over_two > 0 else NAN


def edge_density(views: Views) -> float:
    """Return the share of pixels where |step right| + |step down| ≥ 24 grey levels; NaN below 2 × 2."""
    if min(views.medium_grey.shape) < 2:
        return NAN
    edges = views.buffer("steps", *views.edge_strength.shape)
    cv2.threshold(views.edge_strength, EDGE_FROM - 1, 1, cv2.THRESH_BINARY, edges)
    return cv2.countNonZero(edges) / edges.size


def edge_balance(views: Views) -> float:
    """Return (x² − y²) / (x² + y²) of steps right and down, −1…1; NaN below 3 × 3 or flat.

    1 when all edges stand upright, −1 when all lie flat.
    """
    if min(views.medium_grey.shape) < 3:
        return NAN
    return _contrast(views.medium_energies.right, views.medium_energies.down)


def gradient_anisotropy(views: Views) -> float:
    """Return how far the gradients favour one direction, 0 (none) … 1 (only one); NaN below 3 × 3 or flat.

    The length of the pair of contrasts (x² − y²) / (x² + y²), of the axes and of the diagonals, at most 1.
    """
    if min(views.medium_grey.shape) < 3:
        return NAN
    step = views.medium_energies
    length = math.hypot(_contrast(step.right, step.down), _contrast(step.falling, step.rising))
    return 1.0 if length > 1 else length


def _contrast(one: float, other: float) -> float:
    """Return (one − other) / (one + other), NaN for 0 and 0."""
    return (one - other) / (one + other) if one + other > 0 else NAN
