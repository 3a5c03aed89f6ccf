"""Properties as plain columns that rank tests can compare: categories become indicators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.properties import Property

__all__ = ["Columns", "circular_mean", "property_columns", "unroll"]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Comparable columns of a reference and a current sample.

    Attributes
    ----------
    reference, current
        (n, c) and (m, c) float32, NaN where undefined.
    owner
        (c,) the index of the property each column belongs to: a category has a column a level, any other
        property one.
    circular
        (c,) whether the column is an angle.
    """

    reference: NDArray[np.float32]
    current: NDArray[np.float32]
    owner: NDArray[np.intp]
    circular: NDArray[np.bool_]


def circular_mean(degrees: NDArray[np.floating]) -> float:
    """Return the mean direction in degrees [0, 360), ignoring NaN; NaN when nothing is defined.

    Examples
    --------
    >>> round(circular_mean(np.array([350.0, 10.0])), 6) % 360
    0.0
    """
    radians = np.deg2rad(degrees[~np.isnan(degrees)].astype(np.float64))
    if len(radians) == 0:
        return float("nan")
    return float(np.rad2deg(np.arctan2(np.sin(radians).sum(), np.cos(radians).sum())) % 360.0)


def unroll(degrees: NDArray[np.floating], centre: float) -> NDArray[np.float32]:
    """Cut the circle open opposite to `centre`: return signed degrees from it, in [-180, 180).

    Examples
    --------
    >>> unroll(np.array([350.0, 10.0, 100.0]), centre=0.0)
    array([-10.,  10., 100.], dtype=float32)
    """
    return ((degrees.astype(np.float64) - centre + 180.0) % 360.0 - 180.0).astype(np.float32)


def property_columns(
    properties: tuple[Property, ...], reference: NDArray[np.float32], current: NDArray[np.float32]
) -> Columns:
    """Return the columns of `properties` that vary at all.

    Columns that hold one value only in both samples, or are undefined throughout one of them, are left out:
    nothing can be said of them.
    """
    left: list[NDArray[np.float32]] = []
    right: list[NDArray[np.float32]] = []
    owner: list[int] = []
    circular: list[bool] = []
    for index, one in enumerate(properties):
        a, b = reference[:, index], current[:, index]
        if np.isnan(a).all() or np.isnan(b).all():
            continue
        pooled = np.concatenate([a, b])
        levels = np.unique(pooled[~np.isnan(pooled)])
        if len(levels) < 2:
            continue
        if one.kind == "category":
            for level in levels if len(levels) > 2 else levels[1:]:
                left.append(_indicator(a, level))
                right.append(_indicator(b, level))
                owner.append(index)
                circular.append(False)
            continue
        left.append(a)
        right.append(b)
        owner.append(index)
        circular.append(one.kind == "circular")
    if not left:
        return Columns(
            np.empty((len(reference), 0), np.float32),
            np.empty((len(current), 0), np.float32),
            np.empty(0, np.intp),
            np.empty(0, np.bool_),
        )
    return Columns(
        np.column_stack(left), np.column_stack(right), np.array(owner, np.intp), np.array(circular, np.bool_)
    )


def _indicator(column: NDArray[np.float32], level: np.float32) -> NDArray[np.float32]:
    return np.where(np.isnan(column), np.float32(np.nan), (column == level).astype(np.float32))
