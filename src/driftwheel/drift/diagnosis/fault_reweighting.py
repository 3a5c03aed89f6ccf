"""Reweighting: whether another mix of the reference's own content explains what is left of a change.

The reference is divided into groups of like content, k-means clusters of its embeddings. A window of other
content mix has a mean that is another average of the groups' means; what remains after the best such
average, with weights that are not negative and sum to one, is no matter of the mix. (With known predicted
classes these would be the groups.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

__all__ = ["Reweighting", "content_groups", "reweight"]

GROUPS = 8
_LEAST_IMAGES = 25  # of the reference in a group on average: fewer images make fewer groups
_SUM_TO_ONE = 1e3  # how hard the weights are held to sum to one


@dataclass(frozen=True, slots=True, eq=False)
class Reweighting:
    """The mix of content that explains a window best.

    Attributes
    ----------
    weights
        (g,) of the groups, none negative, that sum to one.
    moved
        Total variation distance from the reference's own mix, in [0, 1].
    misfit
        Squared distance per dimension that remains, as
        `driftwheel.drift.diagnosis.fault_model.WindowFit.misfit`.
    """

    weights: NDArray[np.float64]
    moved: float
    misfit: float


def content_groups(content: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return (n,) group numbers of (n, e) content features: at most 8 groups of 25 images or more on average.

    Deterministic: k-means from one fixed start.
    """
    from sklearn.cluster import KMeans  # a second to import, and only a drift to diagnose needs it

    groups = int(np.clip(len(content) // _LEAST_IMAGES, 1, GROUPS))
    return np.asarray(KMeans(groups, n_init=1, random_state=0).fit(content).labels_, dtype=np.intp)


def reweight(
    residual: NDArray[np.float64],
    covariance: NDArray[np.float64],
    means: NDArray[np.float64],
    mix: NDArray[np.float64],
) -> Reweighting:
    """Return the mix of content that brings `residual` nearest to nothing.

    Parameters
    ----------
    residual
        (d,) mean of the window minus what a fault accounts for, relative to the reference's mean.
    covariance
        (d, d) of that.
    means, mix
        (g, d) mean of each group relative to the reference's mean, and (g,) their shares of the reference.

    Examples
    --------
    >>> groups = np.array([[2.0, 0.0], [-2.0, 0.0]])
    >>> found = reweight(np.array([1.0, 0.0]), np.eye(2), groups, np.array([0.5, 0.5]))
    >>> found.weights.round(2), round(found.moved, 2), round(found.misfit, 2)
    (array([0.75, 0.25]), 0.25, 0.0)
    """
    root = np.linalg.cholesky(covariance)
    left = np.linalg.solve(root, np.column_stack([means.T, residual]))
    system = np.vstack([left[:, :-1], np.full(len(means), _SUM_TO_ONE)])
    weights, _ = nnls(system, np.append(left[:, -1], _SUM_TO_ONE))
    weights /= weights.sum()
    remaining = left[:, -1] - left[:, :-1] @ weights
    return Reweighting(
        weights=weights,
        moved=float(0.5 * np.abs(weights - mix).sum()),
        misfit=float(remaining @ remaining) / len(residual),
    )
