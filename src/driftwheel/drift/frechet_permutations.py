"""What Fréchet distances look like when nothing changed: permuted labels, and parts of the reference."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError, cholesky
from threadpoolctl import threadpool_limits

from driftwheel.drift.embeddings import as_embeddings
from driftwheel.drift.frechet import trace_of_root
from driftwheel.drift.permutations import check_labels, observed_labels, permutation_p_value
from driftwheel.errors import UsageError

__all__ = ["LEAST_REFERENCE", "FrechetPermutations", "frechet_null", "frechet_permutations"]

LEAST_REFERENCE = 20

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FrechetPermutations:
    """The Fréchet distance d² as observed and under B permutations: `observed` ≥ 0, `null` (B,)."""

    observed: float
    null: Array

    def p_value(self) -> float:
        """Return the permutation p-value, valid at any number of images and dimensions."""
        return permutation_p_value(self.observed, self.null)


def frechet_permutations(
    reference: ArrayLike, current: ArrayLike, labels: NDArray[np.bool_], *, threads: int = 2
) -> FrechetPermutations:
    """Compute the Fréchet distance as observed and under the given permutations of the pooled images.

    Parameters
    ----------
    reference, current
        (n, d) and (m, d) finite, at least 2 rows each.
    labels
        (B, n + m) bool from `draw_labels`.
    threads
        Permutations worked on at once; the result does not depend on it.

    Notes
    -----
    Time is an eigenvalue problem of size min(d, n, m) a permutation: 200 of them with d = 128 take under a
    second, with d in the thousands minutes; `orthonormal_projection` to 128 dimensions first keeps the
    p-value valid.

    Examples
    --------
    >>> from driftwheel.drift.permutations import draw_labels
    >>> rng = np.random.default_rng(0)
    >>> reference, current = rng.normal(size=(50, 4)), rng.normal(0.0, 2.0, size=(50, 4))
    >>> frechet_permutations(reference, current, draw_labels(50, 50, 99, rng)).p_value()
    0.01
    """
    first, second = as_embeddings(reference, current, least=2)
    check_labels(labels, first.shape[0], second.shape[0])
    every = np.concatenate((observed_labels(first.shape[0], second.shape[0])[None], labels))
    if second.shape[0] <= first.shape[0]:
        every = ~every
    parts = [np.flatnonzero(row) for row in every]
    found = _split_distances(np.concatenate((first, second)), parts, threads)
    return FrechetPermutations(float(found[0]), found[1:])


def frechet_null(
    reference: ArrayLike, n_current: int, *, rng: np.random.Generator, replays: int = 200, threads: int = 2
) -> Array:
    """Return Fréchet distances d² of `replays` random parts of the reference from the rest of it.

    Parameters
    ----------
    reference
        (n, d) finite, n ≥ 20.
    n_current
        How many current images the distance will be compared for.
    rng
        Draws the parts.
    threads
        Replays worked on at once; the result does not depend on it.

    Returns
    -------
    (replays,) float64, ascending: what `frechet(reference, current).statistic` is without change.

    Notes
    -----
    A part has ``min(n_current, n // 2)`` images. Distances without change shrink like 1/n + 1/m, and the
    replayed ones are scaled by that to the real sizes. This needs no current image, so a threshold can be
    made in advance, but it knows the world only by this reference: at the 5 % level false alarms are 5 to 7 %
    for n ≥ 10 · max(n_current, d), and 10 % and more with a reference of few images. `frechet_permutations`
    is exact; use it where both samples are at hand.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> frechet_null(rng.normal(size=(200, 4)), 50, rng=rng, replays=3).round(2).tolist()
    [0.06, 0.18, 0.27]
    """
    table, _ = as_embeddings(reference, reference, least=LEAST_REFERENCE)
    n = table.shape[0]
    if n_current < 2 or replays < 1:
        raise UsageError(
            f"Cannot replay {replays} parts of {n_current} images; expected at least 1 replay of 2 images."
        )
    part = min(n_current, n // 2)
    parts = [rng.choice(n, part, replace=False) for _ in range(replays)]
    scale = (1 / n + 1 / n_current) / (1 / part + 1 / (n - part))
    return np.sort(_split_distances(table, parts, threads) * scale)


def _split_distances(table: NDArray[np.float32], parts: list[NDArray[np.intp]], threads: int) -> Array:
    """Return d² of each part of the rows, all of one size, from the rest of the rows."""
    pooled = table - table.mean(axis=0, dtype=np.float64)
    scatter = pooled.T @ pooled
    rest = len(pooled) - len(parts[0])

    def distance(part: NDArray[np.intp]) -> float:
        chosen = pooled[part]
        size, dimensions = chosen.shape
        total = chosen.sum(axis=0)
        mean, other_mean = total / size, -total / rest
        centred = chosen - mean
        inner = centred.T @ centred
        outer = scatter - inner - (size + size**2 / rest) * np.outer(mean, mean)
        moved = float(np.sum((mean - other_mean) ** 2))
        traces = float(np.trace(inner) / (size - 1) + np.trace(outer) / (rest - 1))
        if size < dimensions:
            root = _sum_of_roots(centred @ outer @ centred.T)
        else:
            root = _trace_of_root(outer, inner)
        return float(max(moved + traces - 2 * root / np.sqrt((size - 1) * (rest - 1)), 0.0))

    with (
        threadpool_limits(1, "blas"),
        ThreadPoolExecutor(threads) as pool,
    ):  # small matrices: BLAS threads only wait
        return np.fromiter(pool.map(distance, parts), dtype=np.float64, count=len(parts))


def _trace_of_root(first: Array, second: Array) -> float:
    """`trace_of_root` by way of Cholesky, which is faster, where the first matrix allows it."""
    try:
        factor = cholesky(first, lower=True, check_finite=False)
    except LinAlgError:
        return trace_of_root(first, second)
    return _sum_of_roots(np.asarray(factor.T @ second @ factor))


def _sum_of_roots(matrix: Array) -> float:
    return float(np.sqrt(np.maximum(np.linalg.eigvalsh(matrix), 0.0)).sum())
