"""The published experiment on reconstruction drift, repeated: MNIST is learnt, notMNIST is what comes.

Published (Mansukhani, "Data drift detection for image classifiers", Domino, 2 December 2019): a convolutional
autoencoder trained on MNIST with noise 0.5 clipped to [0, 1] and binary cross-entropy reached a validation
loss of 0.1011 (noisy images in, clean images asked for); 0.1024 on noisy images and 0.1458 on notMNIST. Its
two last figures held the network's answers against themselves; here every error is held against the image
that was asked for, and the published way is shown beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from driftwheel.drift.reconstruction import reconstruction_drift
from driftwheel.errors import UsageError
from driftwheel.learning.augmentation import add_noise
from driftwheel.learning.autoencoder import Autoencoder, open_autoencoder, prepare_picture
from driftwheel.learning.autoencoder_shape import AutoencoderShape, shape_for
from driftwheel.learning.autoencoder_training import AutoencoderTraining
from driftwheel.learning.cross_entropy import cross_entropies
from driftwheel.learning.reference_split import ReferenceSplit
from driftwheel.learning.train_autoencoder import train_autoencoder
from driftwheel.services.progress import OnProgress, counting
from driftwheel.sources.idx_folder import read_idx_images

__all__ = ["ALPHAS", "NOISE", "Experiment", "Loss", "Rate", "repeat_experiment"]

NOISE = 0.5
"""Standard deviation of the noise, pixels in [0, 1]."""

ALPHAS = (0.05, 0.01, 0.0027)
"""Levels at which the test is measured; the last is that of one false alarm a year of daily windows."""

_SIDE = 28
_HELD_OUT = 0.2  # shares of the training images; half of the first is what draws without change come from
_STOPPING = 1 / 30


@dataclass(frozen=True, slots=True)
class Loss:
    """A mean error, in nats a pixel.

    `published` is the figure of the article, if it has one. `against_itself` holds the network's answers
    against themselves, as the article does for all but the validation images.
    """

    name: str
    loss: float
    published: float | None
    against_itself: float


@dataclass(frozen=True, slots=True)
class Rate:
    """How often windows of `n` images were told from the held-out images.

    `significant` is the share of the `draws` windows with a p-value at or below each of `ALPHAS`; `drifted`
    the share called drift at the last of them, where the effect must be large enough too.
    """

    name: str
    n: int
    draws: int
    significant: tuple[float, ...]
    drifted: float


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """What came of it.

    `model` is the ONNX file; `seconds` is what the training took with `threads` threads; the first of
    `losses` is the baseline of the others.
    """

    model: bytes
    losses: tuple[Loss, ...]
    rates: tuple[Rate, ...]
    n_fit: int
    epochs: int
    seconds: float
    threads: int


def repeat_experiment(
    data: Path,
    *,
    seed: int = 0,
    epochs: int = 8,
    images: int | None = None,
    n: int = 20,
    draws: int = 1000,
    threads: int = 2,
    on_progress: OnProgress | None = None,
) -> Experiment:
    """Train on ``data/mnist``, and measure the losses and the test on it and on ``data/notmnist``.

    A fifth of the training images is held out: one half gives the errors that windows are compared with, the
    other the windows without change. Both are like each other by construction; MNIST's own test images are
    not quite like its training images, so they are no windows without change, and have a row of their own.

    Parameters
    ----------
    data
        Folder with the folders ``mnist`` (training and test images) and ``notmnist`` (test images) of IDX
        files; any two data sets of that form will do.
    images
        Use only the first so many training images, at least 1,000; all by default.
    n, draws
        Images in a window, and windows for each rate.

    Raises
    ------
    SourceError
        When files are missing or damaged.
    MissingExtraError
        Without the extra ``train``.
    """
    first, test = (read_idx_images(data / "mnist", part) for part in ("train", "test"))
    other = read_idx_images(data / "notmnist", "test")
    if images is not None and not 1000 <= images <= len(first):
        raise UsageError(f"{images} training images cannot be used; give 1,000 to {len(first):,}.")
    shape = shape_for(_SIDE, colour=False)
    train, test, other = (_prepared(one, shape) for one in (first[:images], test, other))
    split, unchanged = _split(len(train), seed)

    started = time.perf_counter()
    model = train_autoencoder(
        train,
        shape=shape,
        training=AutoencoderTraining(epochs=epochs, batch=128, noise=NOISE),
        seed=seed,
        reference=str(data / "mnist"),
        split=split,
        threads=threads,
        on_progress=counting(on_progress, "Training the autoencoder", epochs * len(split.fit)),
    )
    seconds = time.perf_counter() - started
    network = open_autoencoder(model, threads=threads)
    rng = np.random.default_rng([seed, 3])
    windows = {
        "held out, no change": network.errors(train[unchanged]),
        "MNIST's test images": network.errors(test),
        "notMNIST": network.errors(other),
    }
    told = counting(on_progress, f"Drawing windows of {n}", draws * len(windows))
    return Experiment(
        model=model,
        losses=_losses(network, test, other, rng),
        rates=tuple(
            _rate(name, network.facts.held_out_errors, errors, n, rng=rng, draws=draws, told=told)
            for name, errors in windows.items()
        ),
        n_fit=network.facts.n_fit,
        epochs=len(network.facts.stopping_losses),
        seconds=seconds,
        threads=threads,
    )


def _prepared(images: NDArray[np.uint8], shape: AutoencoderShape) -> NDArray[np.uint8]:
    return np.stack([prepare_picture(image, shape) for image in images])


def _split(n: int, seed: int) -> tuple[ReferenceSplit, NDArray[np.intp]]:
    """Return the split for training, and the images left for windows without change."""
    order = np.random.default_rng([seed, 4]).permutation(n)
    held_out, stopping = round(n * _HELD_OUT), round(n * _STOPPING)
    usual, unchanged, stop, fit = np.split(order, [held_out // 2, held_out, held_out + stopping])
    return ReferenceSplit(np.sort(fit), np.sort(stop), np.sort(usual)), np.sort(unchanged)


def _losses(
    network: Autoencoder, test: NDArray[np.uint8], other: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[Loss, ...]:
    def loss(name: str, images: NDArray[np.uint8], noise: float, published: float | None) -> Loss:
        wanted = images.astype(np.float32) / np.float32(255)
        shown = add_noise(wanted, noise, rng) if noise else wanted
        total = np.zeros(2)
        for start in range(0, len(wanted), 500):
            part = slice(start, start + 500)
            logits = network.logits(shown[part])
            for i, target in enumerate((wanted[part], expit(logits))):
                total[i] += cross_entropies(logits, target).sum()
        asked, itself = total / len(wanted)
        return Loss(name, float(asked), published, float(itself))

    return (
        loss("MNIST test, noisy in, clean wanted (validation)", test, NOISE, 0.1011),
        loss("MNIST test, noise drawn anew", test, NOISE, 0.1024),
        loss("notMNIST", other, 0.0, 0.1458),
        loss("notMNIST, noisy in, clean wanted", other, NOISE, None),
        loss("MNIST test as it is", test, 0.0, None),
    )


def _rate(
    name: str,
    held_out: NDArray[np.float64],
    errors: NDArray[np.float64],
    n: int,
    *,
    rng: np.random.Generator,
    draws: int,
    told: Callable[[int], None] | None,
) -> Rate:
    found = []
    for _ in range(draws):
        window = rng.choice(errors, n, replace=False)
        found.append(reconstruction_drift(held_out, window, rng=rng, alpha=ALPHAS[-1]))
        if told is not None:
            told(1)
    p_values = np.array([one.p_value for one in found])
    return Rate(
        name,
        n,
        draws,
        tuple(float(np.mean(p_values <= alpha)) for alpha in ALPHAS),
        float(np.mean([one.drifted for one in found])),
    )
