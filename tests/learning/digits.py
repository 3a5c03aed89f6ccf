"""Small digits to train on in seconds: 8 × 8 grey, from scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from driftwheel.learning.autoencoder_shape import AutoencoderShape
from driftwheel.learning.autoencoder_training import AutoencoderTraining

SHAPE = AutoencoderShape(8, colour=False, widths=(16,), latent=12)
TRAINING = AutoencoderTraining(epochs=12, batch=64, learning_rate=1e-2)


def digits(n: int = 1797, seed: int = 0) -> NDArray[np.uint8]:
    """Return n of the 1,797 digits in random order, (n, 8, 8, 1) uint8."""
    pictures = (load_digits().images * 255 / 16).round().astype(np.uint8)[..., None]
    return np.random.default_rng(seed).permutation(pictures)[:n]


def need_training() -> None:
    """Skip without the extra `train`."""
    for name in ("torch", "onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"the extra `train` is not installed: no {name}")
