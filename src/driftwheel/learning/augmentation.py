"""Augmentation: pictures as they might as well have been taken, so that a network learns to allow for it.

What an autoencoder was trained to allow for, it no longer reports as drift.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.learning.autoencoder_training import AutoencoderTraining

__all__ = ["add_noise", "augment"]


def augment(
    pictures: NDArray[np.float32], training: AutoencoderTraining, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return pictures flipped, moved and brightened as `training` says, each in its own way.

    Parameters
    ----------
    pictures
        (n, height, width, channels) float32 in [0, 1]; they stay as they are.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> same = augment(np.full((2, 4, 4, 1), 0.5, np.float32), AutoencoderTraining(flip=True), rng)
    >>> float(same.min()), float(same.max())
    (0.5, 0.5)
    """
    n, height, width = pictures.shape[:3]
    across = np.broadcast_to(np.arange(width), (n, width))
    down = np.broadcast_to(np.arange(height), (n, height))
    if training.flip:
        across = np.where(rng.random((n, 1)) < 0.5, across[:, ::-1], across)
    if training.shift:
        down = np.clip(down + _moves(n, height, training.shift, rng), 0, height - 1)
        # clipped by place, not by pixel, so that a mirrored picture repeats its own edge
        places = np.clip(np.arange(width) + _moves(n, width, training.shift, rng), 0, width - 1)
        across = np.take_along_axis(across, places, axis=1)
    changed = pictures[np.arange(n)[:, None, None], down[:, :, None], across[:, None, :]]
    if training.brightness:
        factors = rng.uniform(1 - training.brightness, 1 + training.brightness, (n, 1, 1, 1))
        changed = np.clip(changed * factors.astype(np.float32), 0, 1)
    return np.asarray(changed, dtype=np.float32)


def add_noise(pictures: NDArray[np.float32], sigma: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return pictures in [0, 1] with Gaussian noise of standard deviation `sigma`, clipped to [0, 1].

    Examples
    --------
    >>> noisy = add_noise(np.full((1, 64, 64, 1), 0.5, np.float32), 0.1, np.random.default_rng(0))
    >>> round(float(noisy.std()), 2)
    0.1
    """
    noise = rng.standard_normal(pictures.shape, dtype=np.float32)
    noise *= np.float32(sigma)
    noise += pictures
    return np.clip(noise, 0, 1, out=noise)


def _moves(n: int, length: int, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    most = int(share * length)
    return rng.integers(-most, most + 1, (n, 1))
