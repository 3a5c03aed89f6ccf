"""How strong the evidence of each column is, under permutations shared with every other test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.kolmogorov_smirnov_permutations import kolmogorov_smirnov_permutations
from driftwheel.drift.tail import tail_log_p_value

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

    A squared Kolmogorov-Smirnov distance has an exponential tail. Each column's own permutations give its
    rate (the observed labels among them, so that all are treated alike), and coarse columns such as JPEG
    quality are held against their own null, not against that of a continuous one.

    Examples
    --------
    >>> from driftwheel.drift.permutations import draw_labels
    >>> rng = np.random.default_rng(0)
    >>> reference, current = rng.normal(size=(60, 2)), rng.normal([0, 2], size=(60, 2))
    >>> found = column_strengths(reference, current, draw_labels(60, 60, 99, rng))
    >>> (found.strength > found.null_strength.max()).tolist()
    [False, True]
    """
    found = kolmogorov_smirnov_permutations(reference, current, labels, circular)
    together = np.square(np.vstack([found.observed, found.null]), dtype=np.float64)
    strengths = np.column_stack([-tail_log_p_value(column, column) for column in together.T])
    return ColumnStrengths(found.observed, strengths[0], strengths[1:])
