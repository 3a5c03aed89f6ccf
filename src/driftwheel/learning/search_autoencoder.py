"""Search an autoencoder's architecture and learning rate: short trainings, the next from the last ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.learning.autoencoder_shape import MOST_LEVELS, AutoencoderShape
from driftwheel.learning.autoencoder_training import AutoencoderTraining
from driftwheel.learning.fit_network import fit_network
from driftwheel.learning.reference_split import split_reference

__all__ = ["SearchedAutoencoder", "Trial", "search_autoencoder"]

_FIRST_WIDTHS = (8, 16, 32, 48)
_LATENT = (16, 32, 64, 128, 256)
_MOST_WIDTH = 128
_RATES = (1e-3, 1e-2)
_MOST_IMAGES = 4000  # that one short training learns from
_EPOCHS = 4


@dataclass(frozen=True, slots=True)
class Trial:
    """One short training.

    `loss` is its stopping loss, the lowest so far when it was cut short because others were ahead (`pruned`);
    infinity when it came apart.
    """

    shape: AutoencoderShape
    learning_rate: float
    loss: float
    pruned: bool


@dataclass(frozen=True, slots=True)
class SearchedAutoencoder:
    """The best of the `trials`: what to train in full."""

    shape: AutoencoderShape
    training: AutoencoderTraining
    trials: tuple[Trial, ...]


def search_autoencoder(
    pictures: NDArray[np.uint8],
    *,
    start: AutoencoderShape,
    training: AutoencoderTraining,
    trials: int,
    seed: int,
    groups: NDArray[np.intp] | None = None,
    threads: int = 1,
    on_progress: Callable[[int], None] | None = None,
) -> SearchedAutoencoder:
    """Return the shape and learning rate with the lowest stopping loss among `trials` short trainings.

    The first trial is `start` as it is. Levels, the first level's width (each further level doubles it, up
    to 128), the latent numbers (16 to 256) and the learning rate are searched; the side, colour, noise and
    augmentation stay. Each trial learns from at most 4,000 images for 4 epochs; one that is behind the
    median of those before it is cut short. Only the part of the reference that is for learning is used, and
    nothing that `train_autoencoder` with the same seed holds out.

    The loss says how well the reference is shown, not how well anything else is told from it: a network that
    shows everything well sees no drift, which is why there is a bound on the latent numbers.

    Parameters
    ----------
    pictures, groups, threads
        As for `train_autoencoder.train_autoencoder`.
    trials
        From 1 on.
    on_progress
        Receives 1 for every trial done.

    Raises
    ------
    MissingExtraError
        Without optuna or torch: the extra ``train``.
    UsageError
        When every trial came apart, or for fewer than 1.

    Notes
    -----
    Source: Akiba, Sano, Yanase, Ohta and Koyama, "Optuna: a next-generation hyperparameter optimization
    framework", KDD 2019; its sampler is that of Bergstra, Bardenet, Bengio and Kégl, NIPS 2011.
    """
    if trials < 1:
        raise UsageError(f"{trials} trials cannot be made; give a whole number from 1 on.")
    optuna = _import_optuna()
    parts = split_reference(len(pictures), rng=np.random.default_rng([seed, 4]), groups=groups)
    chosen = np.random.default_rng([seed, 5]).permutation(parts.fit)[:_MOST_IMAGES]
    fit, stopping = pictures[chosen], pictures[parts.stopping]
    most_levels = next(n for n in range(MOST_LEVELS, 0, -1) if start.side % 2**n == 0 or n == 1)
    done: list[Trial] = []

    def loss_of(trial: Any) -> float:
        first = not done
        shape = start if first else _suggested(trial, start, most_levels)
        rate = training.learning_rate if first else trial.suggest_float("learning_rate", *_RATES, log=True)
        short = replace(training, epochs=min(_EPOCHS, training.epochs), learning_rate=rate)

        def report(epoch: int, loss: float) -> None:
            trial.report(loss, epoch)
            if trial.should_prune():
                done.append(Trial(shape, rate, loss, True))
                raise optuna.TrialPruned

        try:
            loss = fit_network(
                fit, stopping, shape=shape, training=short, seed=seed, threads=threads, on_epoch=report
            ).stopping_loss
        except UsageError:
            loss = float("inf")
        done.append(Trial(shape, rate, loss, False))
        return loss

    def told(*_: Any) -> None:
        if on_progress is not None:
            on_progress(1)

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(
            sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=min(5, trials)),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=1),
        )
        study.optimize(loss_of, n_trials=trials, callbacks=[told])
    finally:
        optuna.logging.set_verbosity(before)
    finished = [trial for trial in done if not trial.pruned and np.isfinite(trial.loss)]
    if not finished:
        raise UsageError("Every training of the search came apart. Give a lower learning rate.")
    best = min(finished, key=lambda trial: trial.loss)
    return SearchedAutoencoder(best.shape, replace(training, learning_rate=best.learning_rate), tuple(done))


def _suggested(trial: Any, start: AutoencoderShape, most_levels: int) -> AutoencoderShape:
    levels = trial.suggest_int("levels", 1, most_levels)
    width = trial.suggest_categorical("width", _FIRST_WIDTHS)
    latent = trial.suggest_categorical("latent", _LATENT)
    widths = tuple(min(width * 2**level, _MOST_WIDTH) for level in range(levels))
    return AutoencoderShape(start.side, start.colour, widths, latent)


def _import_optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise MissingExtraError("Searching an architecture", "train") from None
    return optuna
