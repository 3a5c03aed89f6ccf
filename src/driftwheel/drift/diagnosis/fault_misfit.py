"""Misfit: whether a fault explains a window, or something remains that it cannot have caused."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.fault_model import LARGEST_WINDOW, FaultModel, window_covariance

__all__ = ["misfit_limit"]

_DRAWS = 400
_QUANTILE = 0.99
_SLACK = 1.2  # the tail of real windows is heavier than that of drawn ones


def misfit_limit(
    model: FaultModel,
    affected: NDArray[np.float64],
    usual: NDArray[np.float64],
    *,
    size: int,
    share: float,
    rng: np.random.Generator,
) -> float:
    """Return the misfit that 1 % of windows exceed which truly have the fault, times a slack of 1.2.

    400 windows are drawn with replacement from simulated images with the fault and from the reference, and
    moved by what the library does not know; the misfit is that of
    `driftwheel.drift.diagnosis.fault_model.fit_window`.

    Parameters
    ----------
    model
        Of one case: k = 1.
    affected, usual
        (m, d) and (n_r, d) whitened rows of images with and without the fault.
    size, share
        Images in the window, and the share of them that are affected, in (0, 1].
    rng
        Draws the windows.
    """
    size = min(size, LARGEST_WINDOW)
    counts = rng.binomial(size, share, _DRAWS)
    own = affected - affected.mean(axis=0)
    other = usual - usual.mean(axis=0)
    sums = np.stack(
        [
            own[rng.integers(len(own), size=count)].sum(axis=0)
            + other[rng.integers(len(other), size=size - count)].sum(axis=0)
            for count in counts
        ]
    )
    residual = sums / size + (counts / size - share)[:, None] * model.shift[0]
    doubt = share**2 * model.doubt[0] + model.usual_doubt
    residual += rng.standard_normal(residual.shape) @ np.linalg.cholesky(doubt).T
    root = np.linalg.cholesky(window_covariance(model, size, share)[0])
    distance = (np.linalg.solve(root, residual.T) ** 2).sum(axis=0)
    return _SLACK * float(np.quantile(distance / residual.shape[1], _QUANTILE))
