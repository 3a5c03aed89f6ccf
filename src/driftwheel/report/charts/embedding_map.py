"""A map of the embeddings: the plane in which the reference varies most, every dot an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from driftwheel.report.charts.svg import drawing, element, number, text

__all__ = ["EmbeddingMap", "embedding_map"]

_WIDTH, _HEIGHT, _EDGE, _MOST = 480, 320, 10, 500


@dataclass(frozen=True, slots=True)
class EmbeddingMap:
    """The drawing, how many images of either side it holds, the share of current ones outside the ring."""

    svg: Markup
    n_reference: int
    n_current: int
    outside: float


def embedding_map(reference: NDArray[np.float32], current: NDArray[np.float32]) -> EmbeddingMap | None:
    """Return the map of (n, d) and (m, d) embeddings; None below 20 reference images or below 2 dimensions.

    The plane is fitted on the reference alone, so it shows no difference that is not there; a real one may
    lie in other directions. At most 500 images of either side, evenly spaced over the records, are used. The
    ring holds 95 % of the reference images by distance in units of their own spread.
    """
    before, after = _evenly(reference), _evenly(current)
    if len(before) < 20 or before.shape[1] < 2 or len(after) == 0:
        return None
    centre = before.mean(axis=0)
    _, _, axes = np.linalg.svd(before - centre, full_matrices=False)
    first, second = (points @ axes[:2].T for points in (before - centre, after - centre))
    spread = first.std(axis=0)
    if not (spread > 0).all():
        return None
    first, second = first / spread, second / spread
    radius = float(np.quantile(np.hypot(*first.T), 0.95))
    outside = float((np.hypot(*second.T) > radius).mean())

    both = np.vstack([first, second])
    low, high = np.quantile(both, 0.005, axis=0), np.quantile(both, 0.995, axis=0)
    low, high = np.minimum(low, -radius * 1.05), np.maximum(high, radius * 1.05)
    unit = min((_WIDTH - 2 * _EDGE) / (high[0] - low[0]), (_HEIGHT - 2 * _EDGE - 14) / (high[1] - low[1]))
    middle = (low + high) / 2

    def placed(points: NDArray[np.floating]) -> NDArray[np.float64]:
        shown = np.clip(points, low, high) - middle
        return np.column_stack([_WIDTH / 2 + shown[:, 0] * unit, (_HEIGHT - 14) / 2 - shown[:, 1] * unit])

    ring = placed(np.zeros((1, 2)))[0]
    parts = [
        element("path", d=_dots(placed(first)), class_="dots ref"),
        element("path", d=_dots(placed(second)), class_="dots cur"),
        element("circle", cx=float(ring[0]), cy=float(ring[1]), r=float(radius * unit), class_="ring"),
        text(_WIDTH / 2, _HEIGHT - 3, "first two principal axes of the reference, in its own σ", "middle"),
    ]
    title = f"Map of embeddings: {len(before)} reference and {len(after)} current images"
    return EmbeddingMap(drawing(_WIDTH, _HEIGHT, title, parts, "chart map"), len(before), len(after), outside)


def _evenly(points: NDArray[np.float32]) -> NDArray[np.float64]:
    rows = np.linspace(0, len(points) - 1, min(len(points), _MOST)).round().astype(np.intp)
    return points[rows].astype(np.float64)


def _dots(points: NDArray[np.float64]) -> str:
    return "".join(f"M{number(x)} {number(y)}h0" for x, y in points)
