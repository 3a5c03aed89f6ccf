"""Domain classifier: whether a linear model tells unseen current images from the reference's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve
from threadpoolctl import threadpool_limits

from driftwheel.drift.statistics.mann_whitney import area_under_curve
from driftwheel.drift.statistics.permutations import (
    check_labels,
    draw_labels,
    observed_labels,
    permutation_p_value,
)
from driftwheel.drift.statistics.samples import as_columns
from driftwheel.errors import UsageError
from driftwheel.records import Evidence

__all__ = ["LEAST_IMAGES", "DomainClassification", "domain_classifier"]

LEAST_IMAGES = 100
"""Both samples together; each alone needs a fifth of it."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class DomainClassification:
    """How well current images can be told from the reference's.

    Attributes
    ----------
    evidence
        `statistic`: cross-fitted area under the curve, ½ without change. `effect`: 2 · statistic − 1, not
        below 0. `p_value`: by permutation, valid at any size and dimension.
    reference_scores, current_scores
        (n,) and (m,) out-of-fold scores in standard deviations of the reference's scores, mean 0 there; the
        higher, the less like the reference. The current images with the highest ones show the change best.
    weights
        (p,) of the standardised columns, averaged over folds and of length 1: which columns tell the two
        apart, and in which direction current images differ. 0 for constant columns.
    null
        (B,) statistics under the permutations.
    """

    evidence: Evidence
    reference_scores: Array
    current_scores: Array
    weights: Array
    null: Array


def domain_classifier(
    reference: ArrayLike,
    current: ArrayLike,
    *,
    rng: np.random.Generator,
    permutations: int = 200,
    labels: NDArray[np.bool_] | None = None,
    folds: int = 5,
    threads: int = 2,
) -> DomainClassification:
    """Test whether a linear classifier tells two sets of images apart, by properties or by embeddings.

    Parameters
    ----------
    reference, current
        (n, p) and (m, p). An undefined value counts as the column's mean, and the fact that it is undefined
        as one more column. n + m ≥ 100, and each ≥ 20; far fewer images than columns are allowed.
    rng
        Draws the folds and, without `labels`, the permutations.
    labels
        (B, n + m) bool from `draw_labels`, to share permutations with other tests.
    folds
        Parts of the pooled images; each is scored by a model fitted on the others.
    threads
        Folds fitted and permutations ranked at once; the result does not depend on it.

    Notes
    -----
    Linear discriminant analysis on pooled, standardised columns, the correlation matrix shrunk towards the
    identity as Ledoit and Wolf (2004) say. Columns, folds and shrinkage do not look at labels, so the fit is
    linear in them and all permutations are solved for together; each is cross-fitted and ranked as the real
    labels are. The area is taken within folds and averaged by the pairs in them. Source: Lopez-Paz and Oquab,
    "Revisiting classifier two-sample tests", 2017.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = domain_classifier(rng.normal(size=(80, 3)), rng.normal([0, 0, 1], size=(80, 3)), rng=rng)
    >>> found.evidence.p_value < 0.01, int(np.abs(found.weights).argmax())
    (True, 2)
    """
    first, second = as_columns(reference, current)
    n, m = len(first), len(second)
    if n + m < LEAST_IMAGES or min(n, m) * 5 < LEAST_IMAGES:
        raise UsageError(
            f"{n} reference and {m} current images are too few for a domain classifier; "
            f"it needs {LEAST_IMAGES} together and {LEAST_IMAGES // 5} of each."
        )
    if not 2 <= folds <= min(n, m) // 4:
        raise UsageError(f"`folds` is {folds}; expected 2 to {min(n, m) // 4} for samples of {n} and {m}.")
    if labels is None:
        labels = draw_labels(n, m, permutations, rng)
    check_labels(labels, n, m)
    current_share = ~np.concatenate((observed_labels(n, m)[None], labels))
    table, used = _standardised(np.concatenate((first, second)))
    fold = rng.permuted(np.arange(n + m) % folds)
    scores, weights = _cross_fit(table, current_share, fold, threads)
    areas = _areas(scores, current_share, fold, threads)
    _rescale(scores[:, 0], fold, n)
    found = np.zeros(first.shape[1])
    found[used[used < found.size]] = weights[used < found.size]
    length = float(np.linalg.norm(found))
    evidence = Evidence(
        "domain_classifier",
        float(areas[0]),
        permutation_p_value(float(areas[0]), areas[1:]),
        max(2 * float(areas[0]) - 1, 0.0),
        n,
        m,
    )
    return DomainClassification(
        evidence,
        scores[:n, 0].copy(),
        scores[n:, 0].copy(),
        found / length if length > 0 else found,
        areas[1:],
    )


def _standardised(pooled: NDArray[np.floating]) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return (rows, q) columns of mean 0 and variance 1, and their numbers; indicators count from p up."""
    values = pooled.astype(np.float64)
    missing = np.isnan(values)
    defined = np.maximum((~missing).sum(axis=0), 1)
    values -= np.where(missing, 0.0, values).sum(axis=0) / defined
    values[missing] = 0.0
    if missing.any():
        values = np.concatenate((values, missing - missing.mean(axis=0)), axis=1)
    scale = values.std(axis=0)
    largest = np.abs(values).max(axis=0, initial=0.0)
    used = np.flatnonzero((scale > 1e-9 * largest) & (largest > 0))
    return (values[:, used] / scale[used]).astype(np.float32), used


def _shrinkage(table: NDArray[np.float32], covariance: Array) -> float:
    """Return Ledoit and Wolf's share of the identity in the correlation matrix, in [0, 1]."""
    rows, columns = table.shape
    away = float(np.sum(covariance**2)) - columns  # |S − I|², as S has a diagonal of ones
    fourth = float(np.mean(np.einsum("ij,ij->i", table, table, dtype=np.float64) ** 2))
    noise = (fourth - float(np.sum(covariance**2))) / rows
    return float(np.clip(noise / away, 0.0, 1.0)) if away > 0 else 1.0


def _cross_fit(
    table: NDArray[np.float32], current: NDArray[np.bool_], fold: NDArray[np.intp], threads: int
) -> tuple[Array, Array]:
    """Return out-of-fold scores (rows, B) of every labelling, and the mean direction (q,) of the first."""
    rows, columns = table.shape
    labels = current.T.astype(np.float32)
    scores = np.zeros(labels.shape)
    if columns == 0:
        return scores, np.zeros(0)

    def direction(part: int) -> Array:
        held = fold == part
        ours, held_labels = table[held], labels[held]
        size = rows - len(ours)
        mean = (totals - ours.sum(axis=0, dtype=np.float64)) / size
        inner = gram - ours.T @ ours
        matrix = (1 - shrink) * (inner / size - np.outer(mean, mean))
        matrix[np.diag_indices(columns)] += shrink
        theirs = sums - ours.T @ held_labels
        count = counts - held_labels.sum(axis=0, dtype=np.float64)
        gap = (theirs - mean[:, None] * count) * (size / np.maximum(count * (size - count), 1))
        found = cho_solve(cho_factor(matrix, check_finite=False), gap, check_finite=False)
        scores[held] = ours @ found.astype(np.float32)
        return np.asarray(found[:, 0])

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:  # one fold a core
        gram = (table.T @ table).astype(np.float64)
        shrink = max(_shrinkage(table, gram / rows), 1e-3)
        sums, totals = (table.T @ labels).astype(np.float64), table.sum(axis=0, dtype=np.float64)
        counts = labels.sum(axis=0, dtype=np.float64)
        return scores, np.asarray(sum(pool.map(direction, range(int(fold.max()) + 1))))


def _areas(scores: Array, current: NDArray[np.bool_], fold: NDArray[np.intp], threads: int) -> Array:
    """Return the (B,) areas under the curve within folds, averaged by the number of pairs."""
    held = [fold == part for part in range(int(fold.max()) + 1)]

    def area(index: int) -> float:
        found = pairs = 0.0
        for rows in held:
            values, is_current = scores[rows, index], current[index, rows]
            ours, theirs = np.sort(values[~is_current]), np.sort(values[is_current])
            weight = ours.size * theirs.size
            if weight:
                found += weight * area_under_curve(ours, theirs)
                pairs += weight
        return found / pairs if pairs else 0.5

    with ThreadPoolExecutor(threads) as pool:
        return np.fromiter(pool.map(area, range(len(current))), dtype=np.float64, count=len(current))


def _rescale(scores: Array, fold: NDArray[np.intp], n_reference: int) -> None:
    """Bring the folds' scores to one scale, in place: mean 0, deviation 1 over the fold's reference."""
    is_reference = np.arange(scores.size) < n_reference
    for part in range(int(fold.max()) + 1):
        held = fold == part
        ours = scores[held & is_reference]
        if ours.size:
            scores[held] = (scores[held] - ours.mean()) / (ours.std() or 1.0)
