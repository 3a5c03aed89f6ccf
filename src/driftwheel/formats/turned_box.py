"""Boxes that are turned: about the centre here, about the upper left corner elsewhere.

Angles are degrees clockwise as seen on a screen, where y grows downwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from driftwheel.formats.labelled_image import BoxLabel

__all__ = ["Edges", "about_centre", "corners", "edges_around", "top_left", "turned"]

Edges = tuple[float, float, float, float]
"""x, y, width, height."""


def turned(x: float, y: float, degrees: float) -> tuple[float, float]:
    """Return a vector turned clockwise on the screen; exact for multiples of 90°.

    Examples
    --------
    >>> turned(2, 1, 90)
    (-1.0, 2.0)
    """
    cosine, sine = _cosine_and_sine(degrees)
    return x * cosine - y * sine, x * sine + y * cosine


def about_centre(x: float, y: float, width: float, height: float, degrees: float) -> tuple[Edges, float]:
    """Return the box that is turned about its *first corner* (`x`, `y`), as one turned about its centre.

    Sides may be negative: the box then lies on the other side of its first corner.

    Examples
    --------
    >>> about_centre(10, 10, 4, 2, 90)
    ((7.0, 11.0, 4, 2), 90)
    >>> about_centre(10, 10, -4, 2, 0)
    ((6.0, 10.0, 4, 2), 0)
    """
    half = turned(width / 2, height / 2, degrees)
    sides = abs(width), abs(height)
    return (x + half[0] - sides[0] / 2, y + half[1] - sides[1] / 2, *sides), degrees % 360


def top_left(box: BoxLabel) -> tuple[float, float]:
    """Return where the upper left corner of a box is once the box is turned about its centre.

    Examples
    --------
    >>> top_left(BoxLabel("car", 7, 11, 4, 2, rotation=90))
    (10.0, 10.0)
    """
    if not box.rotation:
        return box.x, box.y
    half = turned(box.width / 2, box.height / 2, box.rotation)
    return box.x + box.width / 2 - half[0], box.y + box.height / 2 - half[1]


def corners(box: BoxLabel) -> list[tuple[float, float]]:
    """Return the four corners of a turned box: upper left, upper right, lower right, lower left."""
    x, y = top_left(box)
    across, down = turned(box.width, 0, box.rotation), turned(0, box.height, box.rotation)
    return [
        (x, y),
        (x + across[0], y + across[1]),
        (x + across[0] + down[0], y + across[1] + down[1]),
        (x + down[0], y + down[1]),
    ]


def edges_around(points: Iterable[tuple[float, float]]) -> Edges:
    """Return the smallest upright box around points.

    Examples
    --------
    >>> edges_around([(1, 5), (4, 2)])
    (1, 2, 3, 3)
    """
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across) - min(across), max(down) - min(down)


def _cosine_and_sine(degrees: float) -> tuple[float, float]:
    quarter, rest = divmod(degrees, 90)
    if rest:
        return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarter) % 4]
