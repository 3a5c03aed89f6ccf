"""Misfit: whether a fault explains a window, or something remains that it cannot have caused."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["misfit_limit"]

_DRAWS = 400
_QUANTILE = 0.99
_SLACK = 1.2  # simulated faults are not quite the real ones


def misfit_limit(
    affected: NDArray[np.float64],
    usual: NDArray[np.float64],
    *,
    size: int,
    share: float,
    shift: NDArray[np.float64],
    spread: NDArray[np.float64],
    doubt: NDArray[np.float64],
    rng: np.random.Generator,
) -> float:
    """Return the misfit that 1 % of windows exceed which truly have the fault, times a slack of 1.2.

    Windows are drawn with replacement from simulated images with the fault and from the reference, and moved
    by what the library does not know of the camera; the misfit is that of `fault_model.fit_window`.

    Parameters
    ----------
    affected, usual
        (m, d) and (n_r, d) whitened rows of images with and without the fault.
    size, share
        Images in the window, and the share of them that are affected.
    shift, spread, doubt
        (d,), (d, d) and (d, d) of the case, from the model.
    rng
        Draws the windows.
    """
    d = len(shift)
    counts = rng.binomial(size, share, _DRAWS)
    fixed = size * share == round(size * share) and share == 1.0
    if fixed:
        counts[:] = size
    own = affected - affected.mean(axis=0)
    other = usual - usual.mean(axis=0)
    means = np.empty((_DRAWS, d))
    for i, count in enumerate(counts):
        picked = own[rng.integers(len(own), size=count)].sum(axis=0) + count * shift
        means[i] = (picked + other[rng.integers(len(other), size=size - count)].sum(axis=0)) / size
    between = np.outer(shift, shift)
    covariance = (share * spread + (1 - share) * np.eye(d) + share * (1 - share) * between) / size
    covariance += share**2 * doubt
    means += share * rng.standard_normal((_DRAWS, d)) @ np.linalg.cholesky(doubt).T
    residual = np.linalg.solve(np.linalg.cholesky(covariance), (means - share * shift).T)
    return _SLACK * float(np.quantile((residual**2).sum(axis=0) / d, _QUANTILE))
