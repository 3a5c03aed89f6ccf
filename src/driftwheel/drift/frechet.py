"""Fréchet distance: how far apart two clouds of embeddings are, by their means and covariances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.drift.embeddings import as_embeddings
from driftwheel.drift.permutations import permutation_p_value
from driftwheel.errors import UsageError
from driftwheel.profiles.embedding_moments import (
    EmbeddingMoments,
    check_same_projection,
    covariance,
    moments_of,
)
from driftwheel.records import Evidence

__all__ = ["ClassFrechet", "frechet", "frechet_by_class", "frechet_from_moments", "trace_of_root"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClassFrechet:
    """The Fréchet distance of the images of one predicted class."""

    category: str
    evidence: Evidence


def frechet(reference: ArrayLike, current: ArrayLike, *, null: ArrayLike | None = None) -> Evidence:
    """Measure the Fréchet distance of two sets of embeddings.

    Parameters
    ----------
    reference, current
        (n, d) and (m, d) finite; at least 2 rows each. Fewer rows than dimensions are allowed.
    null
        (B,) distances without change from `frechet_null` at this m, or None.

    Returns
    -------
    Evidence
        `statistic`: d² = |μ − μ'|² + tr(Σ + Σ' − 2 (Σ½ Σ' Σ½)½) ≥ 0, in squared embedding units, covariances
        with n − 1. `effect`: d² / tr(Σ) of the reference, without unit: 1 is a move as large as the
        reference's own spread. For a constant reference tr is that of the two mixed half and half. `p_value`:
        the share of `null` at least as large (itself counted in), or None without `null`.

    Notes
    -----
    d² is positive without any change, at least tr Σ · (1/n + 1/m) or so, far more when m < d: compare it with
    `null` and never with 0. Source: Dowson and Landau 1982; Heusel et al. 2017 (as FID).

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
    return _evidence(ours, theirs, root, null)


def frechet_from_moments(
    reference: EmbeddingMoments, current: EmbeddingMoments, *, null: ArrayLike | None = None
) -> Evidence:
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
    return _evidence(reference, current, trace_of_root(covariance(reference), covariance(current)), null)


def frechet_by_class(
    reference: ArrayLike,
    reference_classes: ArrayLike,
    current: ArrayLike,
    current_classes: ArrayLike,
    *,
    least: int = 20,
) -> tuple[ClassFrechet, ...]:
    """Measure the Fréchet distance within every predicted class with at least `least` images on both sides.

    Parameters
    ----------
    reference, current
        (n, d) and (m, d).
    reference_classes, current_classes
        (n,) and (m,) names or numbers of the predicted classes.

    Returns
    -------
    The classes, the largest effect first. Content drift shows here as little; a change of appearance shows in
    each class.
    """
    first, second = as_embeddings(reference, current, least=1)
    names = [np.asarray(classes).astype(str) for classes in (reference_classes, current_classes)]
    for table, labels, which in ((first, names[0], "reference"), (second, names[1], "current")):
        if labels.shape != (table.shape[0],):
            raise UsageError(
                f"`{which}_classes` has shape {labels.shape}; expected ({table.shape[0]},), one an image."
            )
    found = []
    for category in np.intersect1d(names[0], names[1]):
        ours, theirs = first[names[0] == category], second[names[1] == category]
        if min(len(ours), len(theirs)) >= max(least, 2):
            found.append(ClassFrechet(str(category), frechet(ours, theirs)))
    return tuple(sorted(found, key=lambda one: (-(one.evidence.effect or 0.0), one.category)))


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


def _evidence(
    reference: EmbeddingMoments, current: EmbeddingMoments, root: float, null: ArrayLike | None
) -> Evidence:
    moved = float(np.sum((reference.mean - current.mean) ** 2))
    spread, other = (float(np.trace(one.scatter)) / (one.count - 1) for one in (reference, current))
    statistic = max(moved + spread + other - 2 * root, 0.0)
    spread = spread if spread > 0 else other / 2 + moved / 4
    effect = statistic / spread if spread > 0 else 0.0
    p_value = None if null is None else permutation_p_value(statistic, np.asarray(null, dtype=np.float64))
    return Evidence("frechet", statistic, p_value, effect, reference.count, current.count)
