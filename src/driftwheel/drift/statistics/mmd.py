"""Maximum mean discrepancy: whether two clouds of embeddings differ, at several scales at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from driftwheel.drift.statistics.embeddings import as_embeddings
from driftwheel.drift.statistics.permutations import (
    cell_order,
    check_labels,
    draw_labels,
    observed_labels,
    permutation_p_value,
)
from driftwheel.records import Evidence

__all__ = ["BANDWIDTHS", "MmdPermutations", "median_distance", "mmd", "mmd_permutations"]

BANDWIDTHS = (2.0, 1.0, 0.5, 0.25)
"""σ of the Gaussian kernels in median distances, each half of the one before: k(σ / 2) = k(σ)⁴."""

MEDIAN_IMAGE = 1
"""The place of the kernel whose σ is the median distance."""

TILE = 512
MEDIAN_SAMPLE = 512


@dataclass(frozen=True, slots=True, eq=False)
class MmdPermutations:
    """Unbiased MMD² at several bandwidths, as observed and under B permutations.

    Attributes
    ----------
    observed
        (k,) float64, in [−1, 2] or so; about 0 without change.
    null
        (B, k) float64; row b belongs to permutation b at all bandwidths.
    bandwidths
        (k,) σ in the unit of the embeddings.
    n_reference, n_current
        Images.
    """

    observed: NDArray[np.float64]
    null: NDArray[np.float64]
    bandwidths: NDArray[np.float64]
    n_reference: int
    n_current: int

    def aggregate(self) -> tuple[float, NDArray[np.float64]]:
        """Return the largest studentised statistic over bandwidths: observed, and (B,) permuted.

        Each bandwidth is centred and scaled by its mean and standard deviation over the observed value *and*
        all permuted ones, which treats them alike; so a p-value by `permutation_p_value` is valid for the
        maximum.
        """
        together = np.vstack((self.observed, self.null))
        scale = together.std(axis=0)
        centred = together - together.mean(axis=0)
        flat = scale <= 1e-12
        highest = np.where(flat, 0.0, centred / np.where(flat, 1.0, scale)).max(axis=1)
        return float(highest[0]), highest[1:]


def mmd(
    reference: ArrayLike,
    current: ArrayLike,
    *,
    rng: np.random.Generator,
    permutations: int = 200,
    threads: int = 2,
) -> Evidence:
    """Test whether two sets of embeddings come from one distribution, by the maximum mean discrepancy.

    Parameters
    ----------
    reference, current
        (n, d) and (m, d) finite; computed in float32; at least 2 rows each. They may be of very different
        sizes.
    rng
        Draws the permutations and the subsample of the median.
    permutations
        The least p-value is 1 / (permutations + 1).
    threads
        Tiles worked on at once; the result does not depend on it.

    Returns
    -------
    Evidence
        `statistic`: the unbiased MMD² with a Gaussian kernel of σ = the median pooled distance; about 0
        without change. `effect`: √max(statistic, 0), in [0, √2]. `p_value`: permutation p-value of the
        largest studentised statistic over the four bandwidths 2, 1, ½ and ¼ median distances, valid at any
        size.

    Notes
    -----
    Meant for 20 images a sample or more. Time O((n + m)² (d + 4 · permutations)); memory O((n + m) (d +
    permutations)), never a matrix of n × n. Source: Gretton et al., "A kernel two-sample test", 2012;
    aggregation over bandwidths: Schrab et al., "MMD aggregated two-sample test", 2023.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> mmd(rng.normal(size=(60, 8)), rng.normal(0.8, 1.0, size=(60, 8)), rng=rng).p_value.__round__(3)
    0.005
    """
    first, second = as_embeddings(reference, current, least=2)
    labels = draw_labels(first.shape[0], second.shape[0], permutations, rng)
    found = mmd_permutations(first, second, labels, rng=rng, threads=threads)
    p_value = permutation_p_value(*found.aggregate())
    statistic = float(found.observed[MEDIAN_IMAGE])
    effect = float(np.sqrt(max(statistic, 0.0)))
    return Evidence("mmd", statistic, p_value, effect, found.n_reference, found.n_current)


def mmd_permutations(
    reference: ArrayLike,
    current: ArrayLike,
    labels: NDArray[np.bool_],
    *,
    rng: np.random.Generator,
    cells: NDArray[np.intp] | None = None,
    threads: int = 2,
) -> MmdPermutations:
    """Compute unbiased MMD² at the four `BANDWIDTHS`, as observed and under the given permutations.

    Parameters
    ----------
    reference, current
        (n, d) and (m, d) finite, at least 2 rows each.
    labels
        (B, n + m) bool from `draw_labels`; give the same to `kolmogorov_smirnov_permutations`, and the nulls
        belong together.
    rng
        Draws the subsample of the pooled images that the median distance is taken from.
    cells
        (n + m,) cell numbers from `draw_cells`, when the permutations move whole cells: the same numbers,
        for about a third of the time.
    threads
        Tiles worked on at once; the result does not depend on it.

    Notes
    -----
    With a = n / (n + m) and w = label − a, MMD² is a weighted sum of wᵀKw, wᵀK1 and 1ᵀK1 (K with an empty
    diagonal), and all permutations are columns of one matrix W. Tiles of K's upper triangle are made,
    summed within cells, multiplied with W, and forgotten.
    """
    first, second = as_embeddings(reference, current, least=2)
    n, m = first.shape[0], second.shape[0]
    check_labels(labels, n, m)
    pooled = np.concatenate((first, second))
    pooled -= pooled.mean(axis=0, dtype=np.float64).astype(np.float32)
    median = median_distance(pooled, rng)
    widths = np.array(BANDWIDTHS) * median
    every = np.concatenate((observed_labels(n, m)[None], labels))
    share = n / (n + m)
    starts = np.arange(n + m)
    if cells is not None:
        order, starts = cell_order(cells, every)
        pooled, every = pooled[order], every[:, order]
    tiles = _tiles(starts, n + m)
    sums = _kernel_sums(
        pooled, [_weights(every[:, starts[one.cells]], share) for one in tiles], tiles, median, threads
    )
    (quadratic, linear), total = np.moveaxis(sums[:-1], 1, 0), sums[-1, 0]
    within, other, between = 1 / (n * (n - 1)), 1 / (m * (m - 1)), 1 / (n * m)
    values = (
        (within + other + 2 * between) * quadratic
        + 2 * (share * within - (1 - share) * other - (1 - 2 * share) * between) * linear
        + (share**2 * within + (1 - share) ** 2 * other - 2 * share * (1 - share) * between) * total
    )
    return MmdPermutations(values[0], values[1:], widths, n, m)


def median_distance(pooled: NDArray[np.float32], rng: np.random.Generator) -> float:
    """Return the median distance of distinct pairs among at most 512 rows drawn from `pooled`.

    Where more than half of the pairs coincide it is the median of the positive distances; 0 if all rows are
    equal.
    """
    count = pooled.shape[0]
    rows = pooled[rng.choice(count, MEDIAN_SAMPLE, replace=False)] if count > MEDIAN_SAMPLE else pooled
    sample = rows.astype(np.float64)
    norms = np.einsum("ij,ij->i", sample, sample)
    squares = norms[:, None] + norms - 2 * sample @ sample.T
    pairs = np.maximum(squares[np.triu_indices(sample.shape[0], 1)], 0.0)
    positive = pairs[pairs > 1e-12 * max(norms.max(), 1e-300)]
    if positive.size == 0:
        return 0.0
    return float(np.sqrt(np.median(pairs if 2 * positive.size > pairs.size else positive)))


def _kernel_sums(
    pooled: NDArray[np.float32],
    weights: list[NDArray[np.float32]],
    tiles: list[_Tile],
    median: float,
    threads: int,
) -> NDArray[np.float64]:
    """Return (B + 1, 2, k): wᵀKw and wᵀK1 of every permutation; last row 1ᵀK1; diagonals left out.

    `weights` are those of each tile's cells.
    """
    if median == 0:
        return np.zeros((len(weights[0]), 2, len(BANDWIDTHS)))
    left, right, deep = _exponent_factors(pooled, BANDWIDTHS[0] * median)

    def panel(i: int) -> NDArray[np.float64]:
        sums = np.zeros((len(weights[0]), 2, len(BANDWIDTHS)))
        rows = left[tiles[i].rows]
        buffer = np.empty(rows.shape[0] * max(one.size for one in tiles), dtype=np.float32)
        for j in range(i, len(tiles)):
            columns = right[tiles[j].rows]
            kernel = buffer[: rows.shape[0] * columns.shape[0]].reshape(rows.shape[0], -1)
            np.matmul(rows, columns.T, out=kernel)
            np.exp(kernel, out=kernel)
            if i == j:
                np.fill_diagonal(kernel, 0.0)
            for k in range(len(BANDWIDTHS)):
                if k:
                    _to_the_fourth(kernel, deep)
                products = weights[i] @ _cell_sums(kernel, tiles[i], tiles[j])
                sums[:, 0, k] += (1 if i == j else 2) * np.einsum("bc,bc->b", products, weights[j])
                sums[:, 1, k] += products.sum(axis=1)
                if i != j:
                    sums[:, 1, k] += weights[j] @ products[-1]
        return sums

    with (
        threadpool_limits(1, "blas"),
        ThreadPoolExecutor(threads) as pool,
    ):  # one tile a core beats two cores a tile
        return np.asarray(sum(pool.map(panel, range(len(tiles)))))


def _exponent_factors(
    pooled: NDArray[np.float32], width: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], bool]:
    """Return L, R with (L Rᵀ)[i, j] = −|x_i − x_j|² / (2 width²), and if the last kernel can underflow."""
    scaled = pooled / np.float32(width)
    half = np.einsum("ij,ij->i", scaled, scaled, dtype=np.float64)[:, None] / 2
    deepest = 8.0 * float(half.max()) / 2 * (BANDWIDTHS[0] / BANDWIDTHS[-1]) ** 2
    ones = np.ones_like(half)
    left = np.concatenate((scaled, -half, ones), axis=1, dtype=np.float32)
    right = np.concatenate((scaled, ones, -half), axis=1, dtype=np.float32)
    return left, right, deepest > 80.0


def _to_the_fourth(kernel: NDArray[np.float32], deep: bool) -> None:
    if deep:  # denormal numbers are slow; 1e-9 to the fourth is still a normal one, and as good as zero
        np.maximum(kernel, np.float32(1e-9), out=kernel)
    np.multiply(kernel, kernel, out=kernel)
    np.multiply(kernel, kernel, out=kernel)


@dataclass(frozen=True, slots=True, eq=False)
class _Tile:
    """A stretch of rows and of the cells they make; `starts` says where each begins, counted from its first.

    None where every row is a cell.
    """

    rows: slice
    cells: slice
    starts: NDArray[np.intp] | None

    @property
    def size(self) -> int:
        return int(self.rows.stop - self.rows.start)


def _tiles(starts: NDArray[np.intp], count: int) -> list[_Tile]:
    """Return tiles of about `TILE` rows, no cell cut."""
    size = -(-count // -(-count // TILE))
    edges = np.unique(np.searchsorted(starts[:-1], np.arange(0, count, size)))
    tiles = []
    for first, last in zip(edges, [*edges[1:], len(starts)], strict=True):
        begin, end = int(starts[first]), int(starts[last]) if last < len(starts) else count
        inner = None if end - begin == last - first else starts[first:last] - begin
        tiles.append(_Tile(slice(begin, end), slice(int(first), int(last)), inner))
    return tiles


def _cell_sums(kernel: NDArray[np.float32], left: _Tile, right: _Tile) -> NDArray[np.float32]:
    """Return the sums of a tile of the kernel over cells of its rows and columns."""
    if left.starts is not None:
        kernel = _sums(kernel, left.starts)
    return kernel if right.starts is None else _sums(kernel.T, right.starts).T


def _sums(table: NDArray[np.float32], starts: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the sums of runs of rows; runs of one length go many times faster."""
    length = len(table) // len(starts)
    if length * len(starts) == len(table) and (starts == np.arange(0, len(table), length)).all():
        return np.asarray(table.reshape(len(starts), length, -1).sum(axis=1))
    return np.add.reduceat(table, starts, axis=0)


def _weights(labels: NDArray[np.bool_], share: float) -> NDArray[np.float32]:
    """Return (B + 1, rows): label − share for every permutation, and a last row of ones."""
    weights = np.ones((labels.shape[0] + 1, labels.shape[1]), dtype=np.float32)
    np.subtract(labels, np.float32(share), out=weights[:-1], dtype=np.float32)
    return weights
