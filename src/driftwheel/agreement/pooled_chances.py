"""Several opinions of the same items as one: the mean of their log odds, or of their logarithms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from driftwheel.errors import UsageError

__all__ = ["pooled_chances"]

_FLOOR = 0.01  # a share among 10 neighbours that is 0 says no more than this


def pooled_chances(opinions: Sequence[ArrayLike], *, single: bool = True) -> NDArray[np.float64]:
    """Return (n, k) probabilities in which each opinion weighs the same; rows that are NaN say nothing.

    The logarithmic pool: an error that one opinion makes alone is outvoted where the others are sure, and a
    label that all contradict stands out more than by any of them. Every row needs one opinion at least.

    Parameters
    ----------
    opinions
        One or more tables (n, k) of probabilities in [0, 1]; a row of NaN where one has none of an item.
    single
        Whether an item has one class: rows sum to 1, before and after. Else each class is by itself, and log
        odds are pooled.

    Raises
    ------
    UsageError
        For no table, tables that differ in shape, or an item of which none says anything.

    References
    ----------
    C. Genest, J. V. Zidek, "Combining probability distributions: a critique and an annotated bibliography",
    Statistical Science 1 (1986), section 3.

    Examples
    --------
    >>> one, other = [[0.9, 0.1], [0.5, 0.5]], [[0.9, 0.1], [np.nan, np.nan]]
    >>> pooled_chances([one, other]).round(2).tolist()
    [[0.9, 0.1], [0.5, 0.5]]
    """
    tables = [np.asarray(one, dtype=np.float64) for one in opinions]
    if not tables or any(one.ndim != 2 or one.shape != tables[0].shape for one in tables):
        raise UsageError(
            f"Opinions of shapes {[one.shape for one in tables]}: expected one table or more, of one shape."
        )
    stack = np.stack(tables)
    says = ~np.isnan(stack).any(axis=2, keepdims=True)
    weight = says.sum(axis=0)
    if not weight.all():
        raise UsageError(f"Nothing is said of {int((weight == 0).sum())} items; leave them out first.")
    held = np.clip(np.where(says, stack, 0.5), _FLOOR, 1 - _FLOOR)
    if single:
        logs = np.where(says, np.log(held), 0.0).sum(axis=0) / weight
        return np.asarray(np.exp(logs - logsumexp(logs, axis=1, keepdims=True)))
    odds = np.where(says, np.log(held) - np.log1p(-held), 0.0).sum(axis=0) / weight
    return np.asarray(1 / (1 + np.exp(-odds)))
