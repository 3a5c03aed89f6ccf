"""Overlap of boxes: intersection over union."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from driftwheel.box_overlap import box_overlap
from driftwheel.predictions import Box

__all__ = ["box_overlaps"]


def box_overlaps(left: Sequence[Box], right: Sequence[Box]) -> NDArray[np.float64]:
    """Return (n, m) intersections over unions in [0, 1] of n boxes with m others.

    Examples
    --------
    >>> box_overlaps([Box("a", 0, 0, 2, 2)], [Box("b", 1, 0, 2, 2), Box("b", 5, 5, 1, 1)]).round(3).tolist()
    [[0.333, 0.0]]
    """
    return box_overlap(
        *([(box.x, box.y, box.width, box.height, 0.0) for box in boxes] for boxes in (left, right))
    )
