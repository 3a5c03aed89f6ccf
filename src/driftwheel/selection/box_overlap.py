"""Overlap of boxes: intersection over union."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from driftwheel.predictions import Box

__all__ = ["box_overlaps"]


def box_overlaps(left: Sequence[Box], right: Sequence[Box]) -> NDArray[np.float64]:
    """Return (n, m) intersections over unions in [0, 1] of n boxes with m others.

    Examples
    --------
    >>> box_overlaps([Box("a", 0, 0, 2, 2)], [Box("b", 1, 0, 2, 2), Box("b", 5, 5, 1, 1)]).round(3).tolist()
    [[0.333, 0.0]]
    """
    first, second = (
        np.array([(box.x, box.y, box.width, box.height) for box in boxes], dtype=np.float64).reshape(-1, 4)
        for boxes in (left, right)
    )
    sides = [
        np.maximum(
            np.minimum.outer(first[:, axis] + first[:, 2 + axis], second[:, axis] + second[:, 2 + axis])
            - np.maximum.outer(first[:, axis], second[:, axis]),
            0.0,
        )
        for axis in (0, 1)
    ]
    shared: NDArray[np.float64] = sides[0] * sides[1]
    union = np.add.outer(first[:, 2] * first[:, 3], second[:, 2] * second[:, 3]) - shared
    return shared / union
