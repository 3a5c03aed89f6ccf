"""Binary cross-entropy of pictures: how badly a network shows again what it should show."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from driftwheel.errors import UsageError

__all__ = ["cross_entropies", "divergences"]


def cross_entropies(logits: ArrayLike, targets: ArrayLike) -> NDArray[np.float64]:
    """Return the binary cross-entropy of each picture, in nats a pixel and channel.

    With p = 1 / (1 + exp(-logit)) it is −t ln p − (1 − t) ln(1 − p), averaged over a picture. A perfect
    answer costs nothing where pixels are black or white, and up to ln 2 = 0.693 where they are grey: a
    picture has a floor of its own.

    Parameters
    ----------
    logits
        (n, …) finite.
    targets
        The same shape, in [0, 1].

    Raises
    ------
    UsageError
        When shapes differ or targets lie outside [0, 1].

    Examples
    --------
    >>> cross_entropies([[0.0, 0.0], [9.0, -9.0]], [[1.0, 0.0], [1.0, 0.0]]).round(4).tolist()
    [0.6931, 0.0001]
    """
    z, t = np.asarray(logits), np.asarray(targets)
    if z.shape != t.shape or z.ndim < 1:
        raise UsageError(f"Logits of shape {z.shape} and targets of shape {t.shape}: both must be the same.")
    if t.size and not (t.min() >= 0 and t.max() <= 1):
        raise UsageError(
            f"Targets lie in [{t.min():g}, {t.max():g}]; binary cross-entropy needs pixels in [0, 1]: divide "
            "bytes by 255."
        )
    # max(z, 0) − z t + ln(1 + exp(−|z|)): nothing overflows, whatever the logit
    losses = np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))
    return np.asarray(losses.reshape(len(z), -1).mean(axis=1, dtype=np.float64))


def divergences(logits: ArrayLike, targets: ArrayLike) -> NDArray[np.float64]:
    """Return the Kullback-Leibler divergence of each picture: its cross-entropy above its own floor.

    In nats a pixel and channel, 0 for a perfect answer whatever the picture. In photos, which are grey
    nearly everywhere, the floor is a hundred times what the network gets wrong, and goes up and down with
    brightness and contrast: without it the errors of two pictures can be compared.

    Parameters and errors are those of `cross_entropies`.

    Examples
    --------
    >>> divergences([[0.0, 0.0], [0.0, 0.0]], [[0.5, 0.5], [1.0, 0.0]]).round(4).tolist()
    [0.0, 0.6931]
    """
    losses = cross_entropies(logits, targets)
    t = np.asarray(targets, dtype=np.float64).reshape(len(losses), -1)
    return np.asarray(np.maximum(losses + (xlogy(t, t) + xlogy(1 - t, 1 - t)).mean(axis=1), 0.0))
