"""The mean of boxes that several people drew around one object."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.box_overlap import box_overlap
from driftwheel.errors import UsageError

__all__ = ["mean_box"]


def mean_box(boxes: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
    """Return (5,) x, y, width, height and rotation of the weighted mean box.

    Upright boxes: the mean of each edge. Turned ones: the mean of centre, sides and angle, each box first
    said in the way nearest to the one that overlaps the others most; the same box is said by (width, height,
    θ), by (height, width, θ + 90) and by θ + 180. The rotation comes out in (−180, 180].

    Parameters
    ----------
    boxes
        (m, 5), m at least 1, see `box_overlap`.
    weights
        (m,) ≥ 0, not all 0.

    Raises
    ------
    UsageError
        For no box, or weights that do not fit.

    Examples
    --------
    >>> mean_box([[0, 0, 10, 10, 0], [2, 0, 10, 10, 0]], [3, 1]).tolist()
    [0.5, 0.0, 10.0, 10.0, 0.0]
    >>> mean_box([[0, 0, 10, 4, 2], [3, -3, 4, 10, 88]], [1, 1]).round(6).tolist()
    [0.0, 0.0, 10.0, 4.0, 0.0]
    """
    rows, weight = np.asarray(boxes, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != 5 or not len(rows):
        raise UsageError(f"The mean of boxes of shape {rows.shape}; expected (m, 5) with at least one box.")
    if weight.shape != (len(rows),) or not (weight >= 0).all() or not 0 < weight.sum() < np.inf:
        raise UsageError(f"Weights of {len(rows)} boxes are numbers ≥ 0, not all 0; got {weight.tolist()}.")
    share = weight / weight.sum()
    if (rows[:, 4] == 0).all():
        return np.asarray(share @ rows)
    overlaps = (box_overlap(rows, rows) @ share).round(9)
    angle = rows[np.lexsort((np.abs(rows[:, 4]), -overlaps))[0], 4]
    quarters = np.rint((rows[:, 4] - angle) / 90)
    swapped = (quarters % 2 == 1)[:, None]
    sides = np.where(swapped, rows[:, 3:1:-1], rows[:, 2:4])
    centre = rows[:, :2] + rows[:, 2:4] / 2
    size = share @ sides
    turned = angle + float(share @ (rows[:, 4] - 90 * quarters - angle))
    return np.array([*(share @ centre - size / 2), *size, 180 - (180 - turned) % 360])
