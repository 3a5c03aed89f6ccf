"""Wasserstein-1: how far values must move, on average, to turn one distribution into the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.drift.statistics.samples import Floats, as_columns, as_counts, as_sample
from driftwheel.errors import UsageError
from driftwheel.records import Evidence

__all__ = [
    "WassersteinColumns",
    "wasserstein",
    "wasserstein_circular",
    "wasserstein_columns",
    "wasserstein_from_histograms",
]


@dataclass(frozen=True, slots=True, eq=False)
class WassersteinColumns:
    """The Wasserstein distance of p columns at once.

    Attributes
    ----------
    statistic
        (p,) W₁ in the unit of the column; NaN where a sample has no defined value.
    effect
        (p,) W₁ in reference standard deviations (see `wasserstein` for a constant reference); NaN where the
        statistic is.
    n_reference, n_current
        (p,) defined values used.
    error
        (p,) largest difference from the W₁ of the raw values, in the unit of the column: 0 from raw values.
    """

    statistic: NDArray[np.float64]
    effect: NDArray[np.float64]
    n_reference: NDArray[np.int64]
    n_current: NDArray[np.int64]
    error: NDArray[np.float64]


def wasserstein(reference: ArrayLike, current: ArrayLike) -> Evidence:
    """Measure the Wasserstein-1 distance of two samples of a number, in reference standard deviations.

    Parameters
    ----------
    reference, current
        One-dimensional; NaN and infinite values are removed.

    Returns
    -------
    Evidence
        `statistic`: W₁ = ∫ |F − G| dx in the unit of the values, exact. `effect`: W₁ / σ of the reference (n
        in its denominator). For a constant reference σ is that of the two samples mixed half and half, so
        that a move from one constant to another is an effect of 2 whatever the unit and the sizes; two equal
        constants have effect 0. `p_value` is None. NaN with no value left in a sample.

    Notes
    -----
    Its expectation without any change is about ``0.8 · √(1/n + 1/m)`` standard deviations for bell-shaped
    data: read it beside the sample sizes. Source: Vallender 1974.

    Examples
    --------
    >>> found = wasserstein([0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0])
    >>> round(found.statistic, 6), round(found.effect, 4)
    (1.0, 0.8944)
    """
    first = np.sort(as_sample(reference, "reference").astype(np.float64))
    second = np.sort(as_sample(current, "current").astype(np.float64))
    statistic, effect = _distance_and_effect(first, second)
    return Evidence("wasserstein", statistic, None, effect, first.size, second.size)


def wasserstein_columns(reference: ArrayLike, current: ArrayLike) -> WassersteinColumns:
    """Measure `wasserstein` on every column of two tables, (n, p) and (m, p).

    Examples
    --------
    >>> wasserstein_columns([[0, 5], [2, 5]], [[1, 5], [3, 6]]).effect.round(3).tolist()
    [1.0, 1.155]
    """
    first, second = as_columns(reference, current)
    first, second = np.sort(first.T.astype(np.float64), axis=1), np.sort(second.T.astype(np.float64), axis=1)
    n = first.shape[1] - np.isnan(first).sum(axis=1, dtype=np.int64)
    m = second.shape[1] - np.isnan(second).sum(axis=1, dtype=np.int64)
    pairs = [
        _distance_and_effect(a[:rows], b[:other])
        for a, b, rows, other in zip(first, second, n, m, strict=True)
    ]
    found = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return WassersteinColumns(found[:, 0].copy(), found[:, 1].copy(), n, m, np.zeros(n.size))


def wasserstein_from_histograms(
    reference_counts: ArrayLike,
    current_counts: ArrayLike,
    edges: ArrayLike,
    reference_sigma: ArrayLike | None = None,
) -> WassersteinColumns:
    """Measure the Wasserstein-1 distance of p pairs of histograms, values spread evenly inside each bin.

    Parameters
    ----------
    reference_counts, current_counts
        (p, b), or (b,) for one column.
    edges
        (p, b + 1) or (b + 1,), finite, ascending.
    reference_sigma
        (p,) or one number: the reference's standard deviation where it is known; without it, it is taken from
        bin centres. Where it is 0 the rule of `wasserstein` applies.

    Returns
    -------
    WassersteinColumns
        `error` ≤ Σ width · (share of reference + share of current in the bin) / 2.

    Examples
    --------
    >>> found = wasserstein_from_histograms([4, 0], [0, 4], [0.0, 1.0, 2.0], reference_sigma=0.5)
    >>> found.statistic.tolist(), found.effect.tolist(), found.error.tolist()
    ([1.0], [2.0], [1.0])
    """
    first, second = (np.atleast_2d(counts) for counts in as_counts(reference_counts, current_counts))
    bounds = np.atleast_2d(np.asarray(edges, dtype=np.float64))
    if bounds.shape[1] != first.shape[1] + 1 or bounds.shape[0] not in (1, first.shape[0]):
        raise UsageError(
            f"`edges` has shape {np.shape(edges)}; "
            f"{first.shape[1]} bins need {first.shape[1] + 1} edges a column."
        )
    width = np.diff(bounds, axis=1)
    if not np.isfinite(bounds).all() or (width <= 0).any():
        raise UsageError("`edges` must be finite and ascending.")
    n, m = first.sum(axis=1), second.sum(axis=1)
    mass, other_mass = first / np.maximum(n, 1)[:, None], second / np.maximum(m, 1)[:, None]
    right = np.cumsum(mass - other_mass, axis=1)
    left = right - (mass - other_mass)
    statistic = (width * _mean_absolute(left, right)).sum(axis=1)
    centre = (bounds[:, 1:] + bounds[:, :-1]) / 2
    sigma = _histogram_sigma(mass, centre)
    if reference_sigma is not None:
        sigma = np.broadcast_to(np.asarray(reference_sigma, dtype=np.float64), sigma.shape).copy()
    mixed = _histogram_sigma((mass + other_mass) / 2, centre)
    effect = _in_sigmas(statistic, np.where(sigma > 0, sigma, mixed))
    error = (width * (mass + other_mass)).sum(axis=1) / 2
    empty = (n == 0) | (m == 0)
    statistic[empty] = effect[empty] = error[empty] = np.nan
    return WassersteinColumns(statistic, effect, n, m, error)


def wasserstein_circular(reference: ArrayLike, current: ArrayLike, period: float = 360.0) -> Evidence:
    """Measure the Wasserstein-1 distance of two samples of an angle, the shorter way round.

    Parameters
    ----------
    reference, current
        One-dimensional, in the unit of `period` (degrees by default), any branch: 359 and −1 are the same
        angle.
    period
        The length of the circle, > 0.

    Returns
    -------
    Evidence
        `statistic`: in the unit of `period`, in [0, period / 2], exact. `effect`: divided by the reference's
        angular deviation, the root mean square of the shorter way to its circular mean (104° when spread
        evenly); a constant reference by the rule of `wasserstein`. `p_value` is None.

    Notes
    -----
    W₁ on a circle is min over c of ∫ |F − G − c|, and the best c is the median of F − G along the circle.
    Source: Delon, Salomon and Sobolevski, "Fast transport optimization for Monge costs on the circle", 2010.

    Examples
    --------
    >>> wasserstein_circular([350.0, 0.0, 10.0], [0.0, 10.0, 20.0]).statistic.__round__(6)
    10.0
    """
    if not period > 0:
        raise UsageError(f"`period` is {period}; expected a number above 0, such as 360 degrees.")
    first = np.sort(np.mod(as_sample(reference, "reference").astype(np.float64), period))
    second = np.sort(np.mod(as_sample(current, "current").astype(np.float64), period))
    if first.size == 0 or second.size == 0:
        return Evidence("wasserstein_circular", float("nan"), None, float("nan"), first.size, second.size)
    pooled = np.sort(np.concatenate((first, second)))
    gap = np.diff(np.append(pooled, pooled[0] + period))
    difference = _cumulative(first, pooled) - _cumulative(second, pooled)
    order = np.argsort(difference)
    reached = np.cumsum(gap[order])
    median = difference[order[np.searchsorted(reached, reached[-1] / 2)]]
    statistic = float(np.sum(gap * np.abs(difference - median)))
    sigma = _angular_deviation(first, np.full(first.size, 1 / first.size), period)
    if sigma == 0:
        weights = np.concatenate(
            (np.full(first.size, 0.5 / first.size), np.full(second.size, 0.5 / second.size))
        )
        sigma = _angular_deviation(np.concatenate((first, second)), weights, period)
    effect = float(_in_sigmas(np.array([statistic]), np.array([sigma]))[0])
    return Evidence("wasserstein_circular", statistic, None, effect, first.size, second.size)


def _distance_and_effect(first: Floats, second: Floats) -> tuple[float, float]:
    """W₁ of two sorted samples, and the same in standard deviations of the first."""
    if first.size == 0 or second.size == 0:
        return float("nan"), float("nan")
    if first.size == second.size:
        distance = float(np.abs(first - second).mean())
    else:
        pooled = np.sort(np.concatenate((first, second)))
        difference = _cumulative(first, pooled[:-1]) - _cumulative(second, pooled[:-1])
        distance = float(np.sum(np.abs(difference) * np.diff(pooled)))
    sigma = 0.0 if first[0] == first[-1] else float(first.std())
    if sigma == 0 and distance > 0:
        share = np.array([0.5, 0.5])
        means = np.array([first.mean(), second.mean()])
        sigma = float(np.sqrt(share @ np.array([0.0, second.var()]) + (means[0] - means[1]) ** 2 / 4))
    return distance, float(_in_sigmas(np.array([distance]), np.array([sigma]))[0])


def _cumulative(sorted_values: Floats, places: Floats) -> NDArray[np.float64]:
    return np.searchsorted(sorted_values, places, side="right") / sorted_values.size


def _mean_absolute(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of |line from left to right| over a unit interval."""
    crossing = left * right < 0
    span = np.where(crossing, np.abs(left) + np.abs(right), 1.0)
    return np.where(crossing, (left**2 + right**2) / (2 * span), np.abs(left + right) / 2)


def _histogram_sigma(mass: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.float64]:
    mean = (mass * centre).sum(axis=1, keepdims=True)
    return np.asarray(np.sqrt((mass * (centre - mean) ** 2).sum(axis=1)))


def _in_sigmas(distance: NDArray[np.float64], sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide distance by sigma, with 0 / 0 = 0."""
    return np.where(distance == 0, 0.0, distance / np.where(sigma > 0, sigma, 1.0))


def _angular_deviation(angles: Floats, weights: NDArray[np.float64], period: float) -> float:
    turns = np.exp(2j * np.pi * angles / period)
    centre = np.angle(weights @ turns) / (2 * np.pi) * period
    away = np.mod(angles - centre + period / 2, period) - period / 2
    deviation = float(np.sqrt(weights @ away**2))
    return deviation if deviation > 1e-9 * period else 0.0
