"""The permutation null of the chi-squared statistic, under permutations shared with other tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.drift.chi_squared import pearson_statistics
from driftwheel.drift.permutations import check_labels, observed_labels, permutation_p_value
from driftwheel.errors import UsageError

__all__ = ["ChiSquaredPermutations", "chi_squared_permutations"]


@dataclass(frozen=True, slots=True, eq=False)
class ChiSquaredPermutations:
    """Pearson's χ² as observed and under B permutations: `observed` ≥ 0, `null` (B,)."""

    observed: float
    null: NDArray[np.float64]

    def p_value(self) -> float:
        """Return the permutation p-value; equal statistics are equal in the last bit."""
        return permutation_p_value(self.observed, self.null)


def chi_squared_permutations(
    reference: ArrayLike, current: ArrayLike, labels: NDArray[np.bool_]
) -> ChiSquaredPermutations:
    """Compute Pearson's χ² of a column of categories, as observed and under the given permutations.

    Parameters
    ----------
    reference, current
        (n,) and (m,) category codes, any numbers; undefined values (NaN) are a class of their own, so a
        category that goes missing shows.
    labels
        (B, n + m) bool from `draw_labels`; give the same to `kolmogorov_smirnov_permutations` and
        `mmd_permutations`.

    Examples
    --------
    >>> from driftwheel.drift.permutations import draw_labels
    >>> labels = draw_labels(30, 30, 99, np.random.default_rng(0))
    >>> chi_squared_permutations([0, 1, 2] * 10, [0, 0, 0, 0, 1, 2] * 5, labels).p_value() > 0.05
    True
    """
    first, second = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    if first.ndim != 1 or second.ndim != 1:
        raise UsageError(
            f"The columns have shapes {first.shape} and {second.shape}; expected one category an image."
        )
    check_labels(labels, first.size, second.size)
    classes, codes = np.unique(np.concatenate((first, second)), return_inverse=True)
    every = np.concatenate((observed_labels(first.size, second.size)[None], labels))
    member = np.zeros((codes.size, classes.size), dtype=np.float32)
    member[np.arange(codes.size), codes] = 1.0
    pooled = member.sum(axis=0, dtype=np.float64).astype(np.int64)
    tables = pooled - np.rint(every.astype(np.float32) @ member).astype(np.int64)
    statistics = pearson_statistics(tables, pooled, second.size)
    return ChiSquaredPermutations(float(statistics[0]), statistics[1:])
