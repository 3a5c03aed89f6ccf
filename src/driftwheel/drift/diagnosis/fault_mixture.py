"""The share of a window's images that have a fault, and which: a mixture of usual and affected images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Mixture", "fit_mixture"]

_FREEDOM = 8.0  # degrees of freedom of Student's t: heavy tails, so that one odd image decides nothing
_ROUNDS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """A window as a mixture of usual images and images with one fault, for each of k cases.

    Attributes
    ----------
    share
        (k,) maximum-likelihood share of affected images, in [0, 1].
    log_likelihood
        (k,) of the window at that share, relative to no image being affected; 0 or more.
    posterior
        (n, k) probability that an image is affected.
    """

    share: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    posterior: NDArray[np.float64]


def fit_mixture(white: NDArray[np.float64], shift: NDArray[np.float64]) -> Mixture:
    """Fit each case by expectation-maximisation.

    Usual images follow Student's t with 8 degrees of freedom about 0, affected ones about their case's
    shift, both of unit scale in every direction.

    Parameters
    ----------
    white
        (n, d) whitened rows of the window.
    shift
        (k, d) whitened mean shift of each case.

    Examples
    --------
    >>> window = np.concatenate([np.full((6, 2), 8.0), np.zeros((2, 2))])
    >>> fit_mixture(window, np.array([[8.0, 8.0]])).share.round(2)
    array([0.75])
    """
    n, d = white.shape
    square = (white**2).sum(axis=1)[:, None]
    distance = np.maximum(square - 2 * white @ shift.T + (shift**2).sum(axis=1), 0.0)
    ratio = -0.5 * (_FREEDOM + d) * (np.log1p(distance / _FREEDOM) - np.log1p(square / _FREEDOM))
    share = np.full(len(shift), 0.5)
    posterior = np.zeros((n, len(shift)))
    for _ in range(_ROUNDS):
        with np.errstate(divide="ignore"):
            odds = np.log(share) - np.log1p(-share) + ratio
        posterior = 1 / (1 + np.exp(-np.clip(odds, -700, 700)))
        before, share = share, posterior.mean(axis=0)
        if np.abs(share - before).max(initial=0.0) < 1e-4:
            break
    with np.errstate(divide="ignore"):
        log_likelihood = np.logaddexp(np.log(share) + ratio, np.log1p(-share)).sum(axis=0)
    return Mixture(share=share, log_likelihood=log_likelihood, posterior=posterior)
