"""Overlap of boxes: intersection over union, of turned boxes too."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError

__all__ = ["box_corners", "box_overlap"]


def box_overlap(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Return (a, b) the intersection over union of each pair of boxes, in [0, 1].

    Parameters
    ----------
    first, second
        (a, 5) and (b, 5): x, y, width, height in pixels and clockwise degrees about the centre.

    Raises
    ------
    UsageError
        For other shapes.

    Notes
    -----
    Upright boxes go by their edges; a pair with a turned one is cut out exactly, edge by edge
    (I. E. Sutherland, G. W. Hodgman, "Reentrant polygon clipping", Communications of the ACM 17, 1974).

    Examples
    --------
    >>> box_overlap([[0, 0, 10, 10, 0]], [[5, 0, 10, 10, 0], [0, 0, 10, 10, 90]]).round(3).tolist()
    [[0.333, 1.0]]
    """
    one, other = _as_boxes(first), _as_boxes(second)
    turned = (one[:, 4] % 180 != 0)[:, None] | (other[:, 4] % 180 != 0)
    areas = (one[:, 2] * one[:, 3])[:, None] + other[:, 2] * other[:, 3]
    corners, other_corners = box_corners(one), box_corners(other)
    low = np.maximum(corners.min(axis=1)[:, None], other_corners.min(axis=1))
    high = np.minimum(corners.max(axis=1)[:, None], other_corners.max(axis=1))
    shared = np.maximum(high - low, 0.0).prod(axis=2)
    for i, j in np.argwhere(turned & (shared > 0)):
        shared[i, j] = _shared_area(corners[i], other_corners[j])
    return np.asarray(np.clip(shared / np.maximum(areas - shared, 1e-300), 0.0, 1.0))


def box_corners(boxes: ArrayLike) -> NDArray[np.float64]:
    """Return (m, 4, 2) the corners x, y of boxes, clockwise from the one that was upper left before turning.

    Examples
    --------
    >>> box_corners([[0, 0, 4, 2, 90]]).round(6).tolist()
    [[[3.0, -1.0], [3.0, 3.0], [1.0, 3.0], [1.0, -1.0]]]
    """
    rows = _as_boxes(boxes)
    half = rows[:, 2:4] / 2
    centre = rows[:, :2] + half
    away = half[:, None, :] * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float64)
    angle = np.deg2rad(rows[:, 4])[:, None]
    upright = (rows[:, 4] == 0)[:, None]
    cos, sin = np.where(upright, 1.0, np.cos(angle)), np.where(upright, 0.0, np.sin(angle))
    x = away[:, :, 0] * cos - away[:, :, 1] * sin
    y = away[:, :, 0] * sin + away[:, :, 1] * cos
    return np.asarray(np.stack([x, y], axis=2) + centre[:, None, :])


def _shared_area(polygon: NDArray[np.float64], window: NDArray[np.float64]) -> float:
    """Return the area that two convex polygons share, both with the inside on the right of each edge."""
    points = list(map(tuple, polygon))
    for i in range(len(window)):
        (ax, ay), (bx, by) = window[i], window[(i + 1) % len(window)]
        sides = [(bx - ax) * (y - ay) - (by - ay) * (x - ax) for x, y in points]
        cut = []
        for place, (here, side) in enumerate(zip(points, sides, strict=True)):
            before, side_before = points[place - 1], sides[place - 1]
            if (side >= 0) != (side_before >= 0):
                share = side_before / (side_before - side)
                cut.append(
                    (before[0] + share * (here[0] - before[0]), before[1] + share * (here[1] - before[1]))
                )
            if side >= 0:
                cut.append(here)
        points = cut
        if len(points) < 3:
            return 0.0
    x, y = np.array(points).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def _as_boxes(boxes: ArrayLike) -> NDArray[np.float64]:
    rows = np.asarray(boxes, dtype=np.float64)
    if rows.size == 0:
        return rows.reshape(0, 5)
    if rows.ndim != 2 or rows.shape[1] != 5:
        raise UsageError(
            f"Boxes of shape {rows.shape}; expected (m, 5): x, y, width, height and clockwise degrees."
        )
    return rows
