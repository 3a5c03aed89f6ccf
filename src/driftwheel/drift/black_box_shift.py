"""Black-box shift detection: Kolmogorov-Smirnov on each column of the monitored model's own scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from driftwheel.drift.kolmogorov_smirnov import kolmogorov_smirnov_columns
from driftwheel.errors import UsageError
from driftwheel.records import Evidence

__all__ = ["black_box_shift"]


def black_box_shift(reference_scores: ArrayLike, current_scores: ArrayLike) -> Evidence:
    """Test whether a model's scores come from one distribution, one class a column, Bonferroni-corrected.

    Parameters
    ----------
    reference_scores, current_scores
        (n, k) and (m, k) softmax scores or logits of the same k classes; undefined values are removed per
        column.

    Returns
    -------
    Evidence
        `statistic` = `effect`: the largest Kolmogorov-Smirnov statistic, in [0, 1]. `p_value`: k times the
        least p-value, at most 1; valid under any dependence of the columns. Sample sizes are those of the
        column with the largest one.

    Notes
    -----
    Meant for 20 images a sample or more. Source: Lipton, Wang and Smola 2018; Rabanser, Günnemann and Lipton
    2019, where it was the best single method.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> black_box_shift(rng.dirichlet([1, 1, 1], 200), rng.dirichlet([5, 1, 1], 50)).p_value < 1e-6
    True
    """
    found = kolmogorov_smirnov_columns(reference_scores, current_scores)
    if found.statistic.size == 0:
        raise UsageError("The scores have no column; expected one for each class.")
    p_value = min(1.0, float(found.p_value.min()) * found.p_value.size)
    if np.isnan(found.statistic).all():
        return Evidence("black_box_shift", float("nan"), 1.0, float("nan"), 0, 0)
    column = int(np.nanargmax(found.statistic))
    largest = float(found.statistic[column])
    sizes = int(found.n_reference[column]), int(found.n_current[column])
    return Evidence("black_box_shift", largest, p_value, largest, *sizes)
