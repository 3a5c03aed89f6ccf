"""How strong the evidence of each column is, under permutations shared with every other test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.statistics.kolmogorov_smirnov_permutations import kolmogorov_smirnov_permutations
from driftwheel.drift.statistics.likelihood_ratio_permutations import likelihood_ratio_permutations
from driftwheel.drift.statistics.tail import tail_log_p_value

__all__ = ["ColumnStrengths", "column_strengths"]


@dataclass(frozen=True, slots=True, eq=False)
class ColumnStrengths:
    """The evidence of c columns.

    Attributes
    ----------
    statistic
        (c,) Kolmogorov-Smirnov statistics in [0, 1], Kuiper's for angles.
    strength, null_strength
        (c,) −log p of each column on its own null, and (B, c) the same under each permutation: one scale,
        so that a maximum over columns is fair to each.
    """

    statistic: NDArray[np.float32]
    strength: NDArray[np.float64]
    null_strength: NDArray[np.float64]


def column_strengths(
    reference: NDArray[np.float32],
    current: NDArray[np.float32],
    labels: NDArray[np.bool_],
    circular: NDArray[np.bool_] | None = None,
) -> ColumnStrengths:
    """Test every column of (n, c) against that of (m, c), NaN where undefined, under (B, n + m) permutations.

    By the largest likelihood ratio over all cuts of a column, which sees a few images beyond the reference as
    well as all of them a little moved; an angle by Kuiper's statistic, squared. Both have exponential tails.
    Each column's own permutations give its rate (the observed labels among them, so that all are treated
    alike), and coarse columns such as JPEG quality are held against their own null, not against that of a
    continuous one.

    Examples
    --------
    >>> from driftwheel.drift.statistics.permutations import draw_labels
    >>> rng = np.random.default_rng(0)
    >>> reference, current = rng.normal(size=(60, 2)), rng.normal([0, 2], size=(60, 2))
    >>> found = column_strengths(reference, current, draw_labels(60, 60, 99, rng))
    >>> (found.strength > found.null_strength.max()).tolist()
    [False, True]
    """
    angles = np.zeros(reference.shape[1], dtype=np.bool_) if circular is None else circular
    statistic = kolmogorov_smirnov_permutations(reference, current, labels[:0], angles).observed
    ratios = likelihood_ratio_permutations(reference[:, ~angles], current[:, ~angles], labels)
    turned = kolmogorov_smirnov_permutations(
        reference[:, angles], current[:, angles], labels, np.ones(np.count_nonzero(angles), dtype=np.bool_)
    )
    strengths = np.empty((len(labels) + 1, len(angles)))
    strengths[:, ~angles] = np.vstack([ratios.observed, ratios.null])
    strengths[:, angles] = np.square(np.vstack([turned.observed, turned.null]), dtype=np.float64)
    for column in strengths.T:
        column[:] = -tail_log_p_value(column, column)
    return ColumnStrengths(statistic, strengths[0], strengths[1:])
