"""Disagreement between versions of a model, or between models, on the class of an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from driftwheel.errors import UsageError
from driftwheel.selection.score_rows import as_shares

__all__ = ["disagreement"]


def disagreement(versions: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """Return (n,) disagreements in [0, 1]: the Jensen-Shannon divergence of the versions' scores.

    Parameters
    ----------
    versions
        The (n, k) scores of v ≥ 2 versions, with the same images as rows and the same classes as columns.
        A row of NaN: this version was not asked; two that were are enough.

    Returns
    -------
    (n,): the entropy of the mean scores less the mean entropy of the scores, as a share of the largest that
    can be, log min(v, k). 1 where each is sure of a class of its own, 0 where all say the same, be it that
    they do not know. NaN where fewer than two versions were asked.

    Raises
    ------
    UsageError
        For fewer than two tables, or tables of unequal shapes.

    Notes
    -----
    Where the versions are one network with different dropout, this is BALD. Sources: Lin, "Divergence
    measures based on the Shannon entropy", 1991; McCallum and Nigam, "Employing EM and pool-based active
    learning", ICML 1998 (query by committee).

    Examples
    --------
    >>> old, new = [[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]
    >>> disagreement([old, new]).tolist()
    [1.0, 0.0]
    """
    tables = [as_shares(scores) for scores in versions]
    shapes = [table.shape for table in tables]
    if len(tables) < 2 or len(set(shapes)) > 1:
        raise UsageError(
            f"Disagreement takes the scores of two versions or more, of the same images and classes; got "
            f"tables of shapes {', '.join(map(str, shapes)) or '(none)'}."
        )
    stack = np.stack(tables)
    asked = ~np.isnan(stack[:, :, 0])
    counts = asked.sum(axis=0)
    filled = np.where(asked[:, :, None], stack, 0.0)
    shared = np.maximum(counts, 1)
    mean = filled.sum(axis=0) / shared[:, None]
    within = entr(filled).sum(axis=(0, 2)) / shared
    largest = np.log(np.minimum(np.maximum(counts, 2), stack.shape[2]))
    divergence = np.clip((entr(mean).sum(axis=1) - within) / largest, 0.0, 1.0)
    return np.where(counts >= 2, divergence, np.nan)
