"""Detail: how much fine structure an image holds and which way it runs, from grey at full resolution."""

from __future__ import annotations

import math

import cv2

from driftwheel.images.views import Views, mean_squared_difference

__all__ = ["edge_balance", "edge_density", "fine_detail", "gradient_anisotropy", "sharpness"]

NAN = float("nan")
EDGE_FROM = 32


def sharpness(views: Views) -> float:
    """Return the mean squared 4-neighbour Laplacian, in squared grey levels; NaN below 3 × 3.

    The "variance of the Laplacian" (Pech-Pacheco and others 2000), taken about zero, which is its mean up to the border.
    """
    if min(views.grey.shape) < 3:
        return NAN
    laplacian = cv2.Laplacian(views.grey, cv2.CV_16S)[1:-1, 1:-1]
    return float(cv2.norm(laplacian, cv2.NORM_L2SQR)) / laplacian.size


def edge_density(views: Views) -> float:
    """Return the share of pixels where |gx| + |gy| ≥ 32 grey levels, by central differences; NaN below 3 × 3."""
    grey = views.grey
    if min(grey.shape) < 3:
        return NAN
    across = cv2.absdiff(grey[1:-1, 2:], grey[1:-1, :-2])
    down = cv2.absdiff(grey[2:, 1:-1], grey[:-2, 1:-1])
    strength = cv2.add(across, down)
    return cv2.countNonZero(cv2.threshold(strength, EDGE_FROM - 1, 1, cv2.THRESH_BINARY)[1]) / strength.size


def fine_detail(views: Views) -> float:
    """Return the energy of differences over one pixel divided by that over two; NaN below 3 × 3 and on a flat image.

    One for white noise, a quarter for a ramp: it falls with blur and with enlarging, whatever the contrast.
    """
    grey = views.grey
    if min(grey.shape) < 3:
        return NAN
    one = views.step_energies[0] + views.step_energies[1]
    two = mean_squared_difference(grey[:, 2:], grey[:, :-2]) + mean_squared_difference(grey[2:], grey[:-2])
    return one / two if two > 0 else NAN


def edge_balance(views: Views) -> float:
    """Return (gx² − gy²) / (gx² + gy²), −1…1: 1 when all edges stand upright, −1 when all lie flat; NaN on a flat image."""
    across, down = views.step_energies[:2]
    total = across + down
    return (across - down) / total if total > 0 else NAN


def gradient_anisotropy(views: Views) -> float:
    """Return how far the gradients favour one direction, 0 (none) … 1 (only one); NaN on a flat image.

    The length of the pair of contrasts upright/flat and between the two diagonals. Motion blur and stripes raise it.
    """
    across, down, falling, rising = views.step_energies
    if not (across + down > 0 and falling + rising > 0):
        return NAN
    upright = (across - down) / (across + down)
    slanted = (falling - rising) / (falling + rising)
    return min(1.0, math.hypot(upright, slanted))
