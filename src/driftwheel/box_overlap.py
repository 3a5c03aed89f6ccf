"""Overlap of boxes: intersection over union, of turned boxes too."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError

__all__ = ["box_corners", "box_overlap"]

_AT_ONCE = 16_384  # pairs: a few MB of numbers


def box_overlap(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Return (a, b) the intersection over union of each pair of boxes, in [0, 1].

    Memory beyond the result is bounded, however many boxes there are.

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
    Upright boxes go by their edges. Of a pair with a turned one the area is exact too: the first is seen from
    the second, and what each of its edges has below it within the second is summed, with the edge's sign.

    Examples
    --------
    >>> box_overlap([[0, 0, 10, 10, 0]], [[5, 0, 10, 10, 0], [0, 0, 10, 10, 90]]).round(3).tolist()
    [[0.333, 1.0]]
    """
    one, other = _as_boxes(first), _as_boxes(second)
    found = np.empty((len(one), len(other)))
    corners, other_corners = box_corners(one), box_corners(other)
    lows, highs = corners.min(axis=1), corners.max(axis=1)
    other_lows, other_highs = other_corners.min(axis=1), other_corners.max(axis=1)
    turned, other_turned = (rows[:, 4] % 180 != 0 for rows in (one, other))
    areas, other_areas = (rows[:, 2] * rows[:, 3] for rows in (one, other))
    step = max(_AT_ONCE // max(len(other), 1), 1)
    for start in range(0, len(one), step):
        own = slice(start, start + step)
        shared = np.ones(found[own].shape)
        for axis in (0, 1):
            high = np.minimum.outer(highs[own, axis], other_highs[:, axis])
            shared *= np.maximum(high - np.maximum.outer(lows[own, axis], other_lows[:, axis]), 0.0)
        rows, columns = np.nonzero((turned[own, None] | other_turned) & (shared > 0))
        for begun in range(0, len(rows), _AT_ONCE):
            i, j = rows[begun : begun + _AT_ONCE], columns[begun : begun + _AT_ONCE]
            shared[i, j] = _shared_area(corners[own][i], other[j])
        union = np.add.outer(areas[own], other_areas) - shared
        found[own] = np.clip(shared / np.maximum(union, 1e-300), 0.0, 1.0)
    return found


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
    cos, sin = _turn(rows)
    x = away[:, :, 0] * cos - away[:, :, 1] * sin
    y = away[:, :, 0] * sin + away[:, :, 1] * cos
    return np.asarray(np.stack([x, y], axis=2) + centre[:, None, :])


def _turn(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (m, 1) cosine and sine of the rotations, exact where a box is upright."""
    angle = np.deg2rad(rows[:, 4])[:, None]
    upright = (rows[:, 4] == 0)[:, None]
    return np.where(upright, 1.0, np.cos(angle)), np.where(upright, 0.0, np.sin(angle))


def _shared_area(corners: NDArray[np.float64], windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (p,) the area that each of p quadrilaterals (p, 4, 2) shares with its box of (p, 5).

    Seen upright from the box, the height of a quadrilateral's edge at x, held between the box's lower and
    upper edge, is integrated over the x of both. Summed with the edges' directions that is the area (Green),
    and no case is special: an upright edge has no x, an edge outside is level, a point in common no area.
    """
    half = windows[:, 2:4] / 2
    cos, sin = _turn(windows)
    moved = corners - (windows[:, :2] + half)[:, None, :]
    x = (moved[:, :, 0] * cos + moved[:, :, 1] * sin).T
    y = (moved[:, :, 1] * cos - moved[:, :, 0] * sin).T
    wide, high = half.T
    area = np.zeros(len(windows))
    for start in range(4):
        end = (start + 1) % 4
        run, rise = x[end] - x[start], y[end] - y[start]
        begun, ended = np.clip(x[start], -wide, wide), np.clip(x[end], -wide, wide)
        per = rise / np.where(run == 0, 1.0, run)
        heights = y[start] + (begun - x[start]) * per, y[start] + (ended - x[start]) * per
        area += (ended - begun) * _mean_held(*heights, high)
    return np.abs(area)


def _mean_held(
    one: NDArray[np.float64], other: NDArray[np.float64], most: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean height of a straight line from one to other, held between −most and most."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    rise = high - low
    rise[rise == 0] = np.inf
    above = np.clip((high - most) / rise, 0.0, 1.0)
    below = np.clip((-most - low) / rise, 0.0, 1.0)
    between = (np.clip(low, -most, most) + np.clip(high, -most, most)) / 2
    return np.asarray((above - below) * most + (1 - above - below) * between)


def _as_boxes(boxes: ArrayLike) -> NDArray[np.float64]:
    rows = np.asarray(boxes, dtype=np.float64)
    if rows.size == 0:
        return rows.reshape(0, 5)
    if rows.ndim != 2 or rows.shape[1] != 5:
        raise UsageError(
            f"Boxes of shape {rows.shape}; expected (m, 5): x, y, width, height and clockwise degrees."
        )
    return rows
