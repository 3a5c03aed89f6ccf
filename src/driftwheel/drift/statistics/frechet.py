"""Fréchet distance: how far apart two clouds of embeddings are, by their means and covariances."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.drift.statistics.embeddings import as_embeddings
from driftwheel.errors import UsageError
from driftwheel.profiles.embedding_moments import (
    EmbeddingMoments,
    check_same_projection,
    covariance,
    moments_of,
)
from driftwheel.records import Evidence

__all__ = ["frechet", "frechet_from_moments", "trace_of_root"]

Array = NDArray[np.float64]


def frechet(reference: ArrayLike, current: ArrayLike) -> Evidence:
    """Measure the Fréchet distance of two sets of embeddings.

    Parameters
    ----------
    reference, current
        (n, d) and (m, d) finite; at least 2 rows each. Fewer rows than dimensions are allowed.

    Returns
    -------
    Evidence
        `statistic`: d² = |μ − μ'|² + tr(Σ + Σ' − 2 (Σ½ Σ' Σ½)½) ≥ 0, in squared embedding units, covariances
        with n − 1. `effect`: d² / tr(Σ) of the reference, without unit: 1 is a move as large as the
        reference's own spread. For a constant reference tr is that of the two mixed half and half. `p_value`
        is None.

    Notes
    -----
    d² is positive without any change, at least tr Σ · (1/n + 1/m) or so, far more when m < d: compare it with
    that of windows without a change, and never with 0. Source: Dowson and Landau 1982; Heusel et al. 2017 (as
    FID).

    Examples
    --------
    >>> points = np.array([[0.0, 1.0], [2.0, 0.0], [1.0, 3.0], [4.0, 2.0]])
    >>> found = frechet(points, points + [3.0, 4.0])
    >>> round(found.statistic, 4), round(found.effect, 4)
    (25.0, 5.4545)
    """
    first, second = as_embeddings(reference, current, least=2)
    ours, theirs = moments_of(first), moments_of(second)
    if min(len(first), len(second)) >= first.shape[1]:
        root = trace_of_root(covariance(ours), covariance(theirs))
    elif len(first) < len(second):
        root = _root_of_few(first - ours.mean, covariance(theirs))
    else:
        root = _root_of_few(second - theirs.mean, covariance(ours))
    return _evidence(ours, theirs, root)


def frechet_from_moments(reference: EmbeddingMoments, current: EmbeddingMoments) -> Evidence:
    """Measure the Fréchet distance of two profiles, as `frechet` does of the embeddings themselves.

    Raises
    ------
    IncomparableError
        When the two were projected differently, or have different dimensions.
    UsageError
        When one sums up fewer than 2 embeddings.

    Examples
    --------
    >>> from driftwheel.profiles.embedding_moments import moments_of
    >>> reference = moments_of(np.array([[0.0], [2.0], [4.0]], np.float32))
    >>> frechet_from_moments(reference, moments_of(np.array([[4.0], [5.0], [6.0]], np.float32))).statistic
    10.0
    """
    check_same_projection(reference, current)
    for which, moments in (("reference", reference), ("current", current)):
        if moments.count < 2:
            raise UsageError(
                f"The {which} profile sums up {moments.count} embeddings; this needs at least 2."
            )
    return _evidence(reference, current, trace_of_root(covariance(reference), covariance(current)))


def trace_of_root(first: Array, second: Array) -> float:
    """Return tr((A½ B A½)½) of two symmetric positive semi-definite matrices, singular ones included.

    Examples
    --------
    >>> trace_of_root(np.diag([4.0, 0.0]), np.diag([9.0, 1.0]))
    6.0
    """
    values, vectors = np.linalg.eigh(first)
    half = vectors * np.sqrt(np.maximum(values, 0.0))
    return _sum_of_roots(half.T @ second @ half)


def _sum_of_roots(matrix: Array) -> float:
    """Return Σ √λ over the eigenvalues of a positive semi-definite matrix, noise around 0 as 0."""
    values = np.linalg.eigvalsh((matrix + matrix.T) / 2)
    noise = values.size * np.finfo(np.float64).eps * max(float(values[-1]), 0.0)
    return float(np.sqrt(np.where(values > noise, values, 0.0)).sum())


def _root_of_few(centred: Array, other: Array) -> float:
    """Return `trace_of_root` where one covariance is of few (n, d) rows: it has at most n eigenvalues."""
    return _sum_of_roots(centred @ other @ centred.T / (len(centred) - 1))


def _evidence(reference: EmbeddingMoments, current: EmbeddingMoments, root: float) -> Evidence:
    moved = float(np.sum((reference.mean - current.mean) ** 2))
    spread, other = (float(np.trace(one.scatter)) / (one.count - 1) for one in (reference, current))
    statistic = max(moved + spread + other - 2 * root, 0.0)
    spread = spread if spread > 0 else other / 2 + moved / 4
    effect = statistic / spread if spread > 0 else 0.0
    return Evidence("frechet", statistic, None, effect, reference.count, current.count)
