"""Count, mean and covariance of embeddings, in a form that merges.

Merge law: Chan, Golub and LeVeque's pairwise update in float64, commutative to the bit, associative to 1e-9
relative; moments of no embeddings are the empty element.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import IncomparableError
from driftwheel.profiles.projection import Projection

__all__ = [
    "EmbeddingMoments",
    "check_same_projection",
    "covariance",
    "merge_moments",
    "moments_of",
    "project_moments",
]


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingMoments:
    """The first two moments of embeddings.

    Attributes
    ----------
    count
        Embeddings summed up.
    mean
        (d,) float64.
    scatter
        (d, d) float64, the sum of outer products of deviations from the mean: count × population covariance.
    projection
        The map after which the moments were taken; None when they are of the embedder's own dimensions.
    """

    count: int
    mean: NDArray[np.float64]
    scatter: NDArray[np.float64]
    projection: Projection | None = None

    @property
    def dimensions(self) -> int:
        """The d of the moments."""
        return len(self.mean)


def moments_of(embeddings: NDArray[np.float32], projection: Projection | None = None) -> EmbeddingMoments:
    """Return the moments of (n, d) embeddings, after `projection` when there is one.

    Raises
    ------
    IncomparableError
        When the projection was fitted on embeddings of another width.

    Examples
    --------
    >>> moments = moments_of(np.array([[0.0, 1.0], [2.0, 1.0]], np.float32))
    >>> moments.mean, float(covariance(moments)[0, 0])
    (array([1., 1.]), 2.0)
    """
    rows = embeddings.astype(np.float64) if projection is None else projection.apply(embeddings)
    if len(rows) == 0:
        width = rows.shape[1]
        return EmbeddingMoments(0, np.zeros(width), np.zeros((width, width)), projection)
    mean = rows.mean(axis=0)
    rows -= mean
    drift = rows.mean(axis=0)  # what rounding left of the mean: the second pass of a two-pass mean
    return EmbeddingMoments(
        len(rows), mean + drift, rows.T @ rows - len(rows) * np.outer(drift, drift), projection
    )


def check_same_projection(one: EmbeddingMoments, other: EmbeddingMoments) -> None:
    """Raise `IncomparableError` unless both were taken after the same projection."""
    mine = None if one.projection is None else one.projection.id
    theirs = None if other.projection is None else other.projection.id
    if mine != theirs or one.dimensions != other.dimensions:
        raise IncomparableError(
            f"The embeddings of the two profiles were projected differently ({mine or 'not at all'}, "
            f"{one.dimensions} dimensions, and {theirs or 'not at all'}, {other.dimensions} dimensions). "
            "Profile the second images again with the first profile as reference: "
            "driftwheel profile IMAGES --reference FIRST.dwp -o SECOND.dwp"
        )


def merge_moments(one: EmbeddingMoments, other: EmbeddingMoments) -> EmbeddingMoments:
    """Return the moments of the embeddings of both.

    Raises
    ------
    IncomparableError
        When the two were taken after different projections, or have different widths.
    """
    check_same_projection(one, other)
    if one.count == 0 or other.count == 0:
        return other if one.count == 0 else one
    count = one.count + other.count
    gap = other.mean - one.mean
    mean = (one.count * one.mean + other.count * other.mean) / count
    scatter = one.scatter + other.scatter + np.outer(gap, gap) * (one.count / count * other.count)
    return EmbeddingMoments(count, mean, scatter, one.projection)


def covariance(moments: EmbeddingMoments) -> NDArray[np.float64]:
    """Return the unbiased (d, d) covariance, divided by count − 1; NaN below two embeddings."""
    if moments.count < 2:
        return np.full_like(moments.scatter, np.nan)
    return moments.scatter / (moments.count - 1)


def project_moments(moments: EmbeddingMoments, projection: Projection) -> EmbeddingMoments:
    """Return the moments that the projected embeddings would have had; the projection is affine."""
    matrix = projection.matrix.astype(np.float64)
    mean = matrix @ (moments.mean - projection.centre.astype(np.float64))
    scatter = matrix @ moments.scatter @ matrix.T
    return EmbeddingMoments(moments.count, mean, (scatter + scatter.T) / 2, projection)
