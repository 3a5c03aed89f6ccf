"""Chi-squared: whether two mixes of classes differ by more than chance, exact or permuted where sparse."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, gammaln

from driftwheel.drift.statistics.samples import as_counts
from driftwheel.drift.statistics.total_variation import total_variation
from driftwheel.errors import UsageError
from driftwheel.records import Evidence

__all__ = ["chi_squared", "chi_squared_categories", "pearson_statistics"]

Which = Literal["pearson", "g"]

LEAST_EXPECTED = 5.0
"""Below this expected count in any cell the asymptotic p-value is not used."""


def chi_squared(
    reference_counts: ArrayLike,
    current_counts: ArrayLike,
    *,
    rng: np.random.Generator,
    which: Which = "pearson",
    permutations: int = 9999,
) -> Evidence:
    """Test whether two samples have the same mix of classes.

    Parameters
    ----------
    reference_counts, current_counts
        (k,) counts of the same k classes in the same order. Classes empty on both sides take no part; a class
        empty on one side does.
    rng
        Draws the permuted tables; not touched when the p-value is exact or asymptotic.
    which
        ``pearson``: Σ (observed − expected)² / expected. ``g``: 2 Σ observed · ln(observed / expected).
    permutations
        Tables drawn when neither of the other ways applies; the least p-value is then 1 / (permutations + 1).

    Returns
    -------
    Evidence
        `statistic`: χ² or G ≥ 0; `effect`: the total variation distance in [0, 1]. `p_value`: with two
        classes exact over all tables with the same margins (Fisher's exact test, ordered by the statistic);
        otherwise χ² with k − 1 degrees of freedom when every expected count is ≥ 5, else permuted at fixed
        margins. One class in use: statistic 0, p = 1. An empty sample: NaN with p = 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = chi_squared([30, 70, 100], [60, 40, 100], rng=rng)
    >>> round(found.statistic, 3), f"{found.p_value:.5f}", found.effect
    (18.182, '0.00011', 0.15)
    >>> chi_squared([8, 2, 0], [1, 5, 0], rng=rng).p_value.__round__(4)
    0.035
    """
    if which not in ("pearson", "g"):
        raise UsageError(f"`which` is {which!r}; expected 'pearson' or 'g'.")
    if permutations < 1:
        raise UsageError(f"`permutations` is {permutations}; expected at least 1, usually 9999.")
    effect = total_variation(reference_counts, current_counts)
    n, m = effect.n_reference, effect.n_current
    first, second = as_counts(reference_counts, current_counts)
    if n == 0 or m == 0:
        return Evidence("chi_squared", float("nan"), 1.0, float("nan"), n, m)
    used = first + second > 0
    pooled, observed = (first + second)[used], second[used]
    statistic = float(_statistic(observed[None], pooled, m, which)[0])
    if pooled.size == 1:
        p_value = 1.0
    elif pooled.size == 2:
        p_value = _exact_two_classes(statistic, pooled, m, which)
    elif pooled.min() * min(n, m) / (n + m) >= LEAST_EXPECTED:
        p_value = float(chdtrc(pooled.size - 1, statistic))
    else:
        drawn = rng.multivariate_hypergeometric(pooled, m, size=permutations, method="marginals")
        null = _statistic(drawn, pooled, m, which)
        p_value = float((1 + np.count_nonzero(_reaches(null, statistic))) / (permutations + 1))
    return Evidence("chi_squared", statistic, p_value, effect.effect, n, m)


def chi_squared_categories(
    reference: ArrayLike,
    current: ArrayLike,
    *,
    rng: np.random.Generator,
    which: Which = "pearson",
    permutations: int = 9999,
) -> Evidence:
    """Run `chi_squared` on raw categories: one-dimensional arrays of names or numbers, NaN and None removed.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> chi_squared_categories(["cat", "dog", "cat"], ["dog", "dog", None], rng=rng).n_current
    2
    """
    samples = []
    for name, values in (("reference", reference), ("current", current)):
        array = np.asarray(values, dtype=object)
        if array.ndim != 1:
            raise UsageError(f"`{name}` has {array.ndim} dimensions; expected one category an image.")
        samples.append([value for value in array if not _is_undefined(value)])
    codes = {value: code for code, value in enumerate(dict.fromkeys(samples[0] + samples[1]))}
    counts = [
        np.bincount(np.array([codes[value] for value in sample], dtype=np.intp), minlength=max(len(codes), 1))
        for sample in samples
    ]
    return chi_squared(counts[0], counts[1], rng=rng, which=which, permutations=permutations)


def pearson_statistics(
    tables: NDArray[np.int64], pooled: NDArray[np.int64], n_current: int
) -> NDArray[np.float64]:
    """Return χ² of many tables with the same margins.

    Parameters
    ----------
    tables
        (B, k) current counts.
    pooled
        (k,) counts of both samples together, each > 0; n_current of them are current.

    Examples
    --------
    >>> pearson_statistics(np.array([[5, 5], [10, 0]]), np.array([10, 10]), 10).tolist()
    [0.0, 20.0]
    """
    total = int(pooled.sum())
    expected = pooled * (n_current / total)
    # both rows of the table at once: (o − e)² (1 / e_current + 1 / e_reference)
    squares = ((tables - expected) ** 2 / expected).sum(axis=1)
    return np.asarray(squares * (total / (total - n_current)))


def _is_undefined(value: Any) -> bool:
    return value is None or (isinstance(value, float | np.floating) and bool(np.isnan(value)))


def _statistic(
    tables: NDArray[np.int64], pooled: NDArray[np.int64], m: int, which: Which
) -> NDArray[np.float64]:
    """χ² or G of (B, k) current counts, given the pooled counts and the current size."""
    total = int(pooled.sum())
    if which == "pearson":
        return pearson_statistics(tables, pooled, m)
    expected = pooled * (m / total)
    other = pooled - tables
    terms = _n_log_n(tables, expected) + _n_log_n(other, pooled - expected)
    return np.asarray(np.maximum(2 * terms.sum(axis=1), 0.0))


def _n_log_n(observed: NDArray[np.int64], expected: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    return np.asarray(observed * np.log(np.where(observed > 0, observed, expected) / expected))


def _exact_two_classes(statistic: float, pooled: NDArray[np.int64], m: int, which: Which) -> float:
    """Sum the hypergeometric chances of all 2 × 2 tables whose statistic reaches the observed one."""
    total = int(pooled.sum())
    count = np.arange(max(0, m - int(pooled[1])), min(m, int(pooled[0])) + 1)
    tables = np.stack((count, m - count), axis=1)
    chance = _log_choose(pooled[0], count) + _log_choose(pooled[1], m - count) - _log_choose(total, m)
    reached = _reaches(_statistic(tables, pooled, m, which), statistic)
    return float(min(np.exp(chance[reached]).sum(), 1.0))


def _reaches(null: NDArray[np.float64], statistic: float) -> NDArray[np.bool_]:
    """At least the observed statistic; equal values that differ by rounding count as equal."""
    return null >= statistic * (1 - 1e-9) - 1e-12


def _log_choose(n: NDArray[np.int64] | int, k: NDArray[np.int64] | int) -> NDArray[np.float64]:
    n, k = np.asarray(n, dtype=np.float64), np.asarray(k, dtype=np.float64)
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
