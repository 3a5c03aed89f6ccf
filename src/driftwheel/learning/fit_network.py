"""Fit an autoencoder's weights: steps of Adam, a rate that rises and falls, and a stop in time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.learning.augmentation import add_noise, augment
from driftwheel.learning.autoencoder_network import build_network, folded_weights, import_torch
from driftwheel.learning.autoencoder_shape import AutoencoderShape
from driftwheel.learning.autoencoder_training import AutoencoderTraining

__all__ = ["FittedNetwork", "fit_network"]

Pictures = NDArray[np.uint8]

_EVALUATED = 256  # pictures at once where nothing is learnt
_RISE = 0.1  # share of the steps during which the learning rate rises
_LOWEST = 0.02  # the rate at the beginning and the end, as a share of the highest


@dataclass(frozen=True, slots=True, eq=False)
class FittedNetwork:
    """Weights, and how it went.

    Attributes
    ----------
    weights
        See `autoencoder_network.Weights`; those of the epoch with the lowest stopping loss.
    stopping_losses
        After each epoch, in nats a pixel, on the images set aside for stopping.
    """

    weights: dict[str, NDArray[np.float32]]
    stopping_losses: tuple[float, ...]

    @property
    def stopping_loss(self) -> float:
        """Of the epoch whose weights are kept."""
        return min(self.stopping_losses)


def fit_network(
    fit: Pictures,
    stopping: Pictures,
    *,
    shape: AutoencoderShape,
    training: AutoencoderTraining,
    seed: int,
    threads: int = 1,
    on_epoch: Callable[[int, float], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> FittedNetwork:
    """Train a network to show pictures again, from noisy ones where `training` has noise.

    The same arguments give the same weights on the same machine with the same torch and number of threads.
    Torch's own random numbers and number of threads are as before afterwards.

    Parameters
    ----------
    fit, stopping
        (n, side, side, channels) uint8 as `prepare_picture` gives them, at least 8 and 1.
    threads
        That torch computes with.
    on_epoch
        Receives the number of epochs done and the stopping loss; an exception it raises ends the training.
    on_progress
        Receives the number of pictures just learnt from.

    Raises
    ------
    MissingExtraError
        Without torch.
    UsageError
        When pictures do not have the shape, or the loss is no longer a number.
    """
    torch = import_torch()
    for pictures, least in ((fit, 8), (stopping, 1)):
        _check(pictures, shape, least)
    rng = np.random.default_rng([seed, 1])
    batch = min(training.batch, len(fit))
    steps = len(fit) // batch
    with _torch_of_our_own(torch, seed, threads):
        network = build_network(shape)
        optimiser = torch.optim.Adam(network.parameters())
        best: dict[str, NDArray[np.float32]] = {}
        losses: list[float] = []
        while len(losses) < training.epochs and not _stalled(losses, training.patience):
            network.train()
            order = rng.permutation(len(fit))
            for step in range(steps):
                rate = _rate((len(losses) * steps + step) / (training.epochs * steps))
                optimiser.param_groups[0]["lr"] = training.learning_rate * rate
                optimiser.zero_grad(set_to_none=True)
                rows = order[step * batch :][:batch]
                for part in np.array_split(rows, -(-batch // shape.at_once(batch))):
                    loss = _loss(torch, network, *_shown_and_wanted(fit[part], training, rng))
                    (loss * (len(part) / batch)).backward()
                optimiser.step()
                if on_progress is not None:
                    on_progress(batch)
            losses.append(
                _mean_loss(torch, network, stopping, training.noise, seed, shape.at_once(_EVALUATED))
            )
            if not math.isfinite(losses[-1]):
                raise UsageError(
                    f"The training came apart in epoch {len(losses)}: the loss is {losses[-1]}. Give a lower "
                    f"learning rate than {training.learning_rate:g}."
                )
            if losses[-1] == min(losses):
                best = folded_weights(network)
            if on_epoch is not None:
                on_epoch(len(losses), losses[-1])
    return FittedNetwork(best, tuple(losses))


def _shown_and_wanted(
    pictures: Pictures, training: AutoencoderTraining, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the network sees, and what it is to make of it: (n, side, side, channels) in [0, 1] each."""
    wanted = _scaled(pictures)
    if training.augments:
        wanted = augment(wanted, training, rng)
    return add_noise(wanted, training.noise, rng) if training.noise else wanted, wanted


def _mean_loss(  # noqa: PLR0917  pictures, and how they are looked at
    torch: Any, network: Any, pictures: Pictures, noise: float, seed: int, at_once: int
) -> float:
    """The loss on pictures that are not learnt from, with the same noise each time."""
    rng = np.random.default_rng([seed, 2])
    network.eval()
    total = 0.0
    with torch.no_grad():
        for start in range(0, len(pictures), at_once):
            wanted = _scaled(pictures[start : start + at_once])
            shown = add_noise(wanted, noise, rng) if noise else wanted
            total += float(_loss(torch, network, shown, wanted)) * len(wanted)
    return total / len(pictures)


def _scaled(pictures: Pictures) -> NDArray[np.float32]:
    return pictures.astype(np.float32) / np.float32(255)


def _loss(torch: Any, network: Any, shown: NDArray[np.float32], wanted: NDArray[np.float32]) -> Any:
    logits = network(_channels_first(torch, shown))
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, _channels_first(torch, wanted))


def _channels_first(torch: Any, pictures: NDArray[np.float32]) -> Any:
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))


def _rate(done: float) -> float:
    """Share of the highest learning rate after a share of the steps: up in a line, down along a cosine."""
    rising = done / _RISE
    falling = (1 + math.cos(math.pi * (done - _RISE) / (1 - _RISE))) / 2
    return _LOWEST + (1 - _LOWEST) * (rising if done < _RISE else falling)


def _stalled(losses: list[float], patience: int) -> bool:
    return len(losses) > patience and min(losses[-patience:]) > min(losses[:-patience])


def _check(pictures: Pictures, shape: AutoencoderShape, least: int) -> None:
    expected = (shape.side, shape.side, shape.channels)
    if pictures.dtype != np.uint8 or pictures.shape[1:] != expected or len(pictures) < least:
        raise UsageError(
            f"Pictures to train on are uint8 of shape (n, {', '.join(map(str, expected))}), n at least "
            f"{least}; given were {pictures.dtype} of shape {pictures.shape}."
        )


@contextmanager
def _torch_of_our_own(torch: Any, seed: int, threads: int) -> Iterator[None]:
    """Seed torch and set its threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before)
