"""Total variation: the share of images that would have to change class to turn one mix into the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from driftwheel.drift.statistics.samples import as_counts
from driftwheel.errors import UsageError
from driftwheel.records import Evidence

__all__ = ["total_variation"]


def total_variation(reference_counts: ArrayLike, current_counts: ArrayLike) -> Evidence:
    """Measure the total variation distance of two mixes of classes.

    Parameters
    ----------
    reference_counts, current_counts
        (k,) counts of the same k classes in the same order.

    Returns
    -------
    Evidence
        `statistic` = `effect` = Σ |p − q| / 2 in [0, 1]; NaN when a sample is empty. `p_value` is None (see
        `chi_squared`). Without change it is on average about ``√((k − 1)(1/n + 1/m) / (2π))`` or less, so
        read it beside the sample sizes.

    Examples
    --------
    >>> total_variation([50, 50], [20, 80]).statistic
    0.3
    """
    first, second = as_counts(reference_counts, current_counts)
    if first.ndim != 1:
        raise UsageError(
            f"`reference_counts` has shape {first.shape}; expected the counts of one column, (classes,)."
        )
    n, m = int(first.sum()), int(second.sum())
    distance = float(np.abs(first * m - second * n).sum() / (2 * n * m)) if n and m else float("nan")
    return Evidence("total_variation", distance, None, distance, n, m)
