"""Fit layers of a network by stochastic gradients: AdamW, a rate that rises and falls, a stop in time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.learning.networks.classifier_file import ClassifierNetwork
from driftwheel.learning.networks.torch_network import build_torch, own_torch, torch_features, torch_weights
from driftwheel.learning.trainers.checkpoint import Checkpoint
from driftwheel.learning.trainers.fit_head import weighted_loss
from driftwheel.learning.trainers.image_weights import draw_images
from driftwheel.learning.trainers.lesson import Lesson
from driftwheel.learning.trainers.prepared_pictures import PreparedPictures
from driftwheel.learning.trainers.trainer import Epoch, TrainingJob, TrainingWatch

__all__ = ["FittedLayers", "fit_layers"]

_RISE = 0.05  # share of the steps during which the learning rate rises, and the fewest of them: AdamW's first
_LEAST_RISE = 20  # steps are as long as the rate allows, whatever the gradient, and undo what was known
_MOST_RISE = 0.25  # where there are but a few steps
_LOWEST = 0.02  # the rate at the beginning and the end, as a share of the highest

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(slots=True, eq=False)
class FittedLayers:
    """A training as far as it is.

    Attributes
    ----------
    now, best
        Weights after the last epoch, and after the one that its lesson judges to be the best.
    optimiser
        Its state, by name.
    judged
        What its lesson says of each epoch on the validation split, see `Lesson.judge`.
    baseline
        The same of the weights it began with, which are the best until an epoch does better.
    """

    now: Weights
    best: Weights
    optimiser: dict[str, NDArray[Any]] = field(default_factory=dict)
    epochs: list[Epoch] = field(default_factory=list)
    judged: list[float] = field(default_factory=list)
    baseline: float = math.inf

    @property
    def loss(self) -> float:
        """What is said of the best epoch; infinite before the first."""
        return min(self.judged, default=math.inf)

    @property
    def best_epoch(self) -> int | None:
        """Number of the best epoch; None where none did better than what it began with."""
        if not self.loss < self.baseline:
            return None
        return self.epochs[self.judged.index(self.loss)].number

    def stalled(self, patience: int) -> bool:
        """Whether so many epochs in a row have not lowered it."""
        losses = self.judged
        return len(losses) > patience and min(losses[-patience:]) >= min(losses[:-patience])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all numbers by name, for a checkpoint."""
        groups = (("now", self.now), ("best", self.best), ("optimiser", self.optimiser))
        found = {f"{group}.{name}": one for group, numbers in groups for name, one in numbers.items()}
        return {**found, "judged.epochs": np.asarray(self.judged, dtype=np.float64)}

    @classmethod
    def of(cls, checkpoint: Checkpoint, baseline: float = math.inf) -> FittedLayers:
        """Return what a checkpoint holds."""
        now, best, optimiser = (checkpoint.part(f"{group}.") for group in ("now", "best", "optimiser"))
        judged = checkpoint.part("judged.")["epochs"].tolist()
        return cls(now, best, optimiser, list(checkpoint.epochs), judged, baseline)


def fit_layers(
    network: ClassifierNetwork,
    lesson: Lesson,
    check: PreparedPictures,
    *,
    job: TrainingJob,
    watch: TrainingWatch,
    rate: float,
    until: int,
    so_far: FittedLayers | None = None,
) -> Iterator[FittedLayers]:
    """Train epoch by epoch, and yield after each; end after `until` epochs, or when it has stalled.

    The same arguments give the same weights on the same machine with the same torch and number of threads,
    also where it goes on from an epoch.

    Parameters
    ----------
    lesson
        What is learnt, by which layers, from the images of the job's training split.
    rate
        The highest learning rate, for a schedule of the recipe's epochs.
    so_far
        Where to go on from.

    Raises
    ------
    MissingExtraError
        Without torch.
    UsageError
        When the loss is no longer a number.
    """
    recipe = job.recipe
    done = so_far or FittedLayers(dict(network.weights), dict(network.weights))
    begun = ClassifierNetwork(network.shape, done.now)
    flat = check.flat
    counts = check.flat_weights(np.ones(len(check)))
    with own_torch(job.threads) as torch:
        module = build_torch(begun, dropout=recipe.dropout)
        parameters = lesson.parameters(module)
        optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=recipe.weight_decay)
        _restore(torch, optimiser, parameters, done.optimiser)
        batch = min(recipe.batch, len(lesson.weights))
        steps = max(1, len(lesson.weights) // batch)
        all_steps = recipe.epochs * steps
        rise = max(_RISE, min(_MOST_RISE, _LEAST_RISE / all_steps))
        while len(done.epochs) < until and not done.stalled(recipe.patience):
            number = len(done.epochs) + 1
            torch.manual_seed((recipe.seed * 7919 + number) % 2**32)
            rng = np.random.default_rng([recipe.seed, 31, number])
            rows = draw_images(lesson.weights, rng)
            lesson.ready(module)
            total = 0.0
            for step in range(steps):
                share = ((number - 1) * steps + step) / all_steps
                optimiser.param_groups[0]["lr"] = rate * _rate(share, rise)
                optimiser.zero_grad(set_to_none=True)
                loss = lesson.loss(torch, module, rows[step * batch :][:batch], rng)
                loss.backward()
                optimiser.step()
                total += float(loss.detach()) / steps
            features = torch_features(module, flat)
            now = torch_weights(module, network.shape)
            logits = features @ now["head.weight"].T + now["head.bias"]
            held_loss = weighted_loss(logits, check.flat_labels, counts)
            if not (math.isfinite(total) and math.isfinite(held_loss)):
                raise UsageError(
                    f"The training came apart in epoch {number}: the loss is not a number any more. Give a "
                    f"lower learning rate than {rate:g}."
                )
            hits = np.average(logits.argmax(axis=1) == check.flat_labels, weights=counts)
            judged = lesson.judge(features, held_loss)
            better = judged < min(done.loss, done.baseline)
            done.judged.append(judged)
            done.now = now
            done.best = done.now if better else done.best
            done.optimiser = _state(optimiser, parameters)
            told = total if lesson.in_nats else None
            done.epochs.append(Epoch(number, told, held_loss, float(hits), watch.seconds()))
            yield done


def _state(optimiser: Any, parameters: list[Any]) -> dict[str, NDArray[Any]]:
    found = {}
    for number, parameter in enumerate(parameters):
        for name, value in optimiser.state[parameter].items():
            found[f"{number}.{name}"] = value.detach().numpy().copy()
    return found


def _restore(torch: Any, optimiser: Any, parameters: list[Any], state: dict[str, NDArray[Any]]) -> None:
    for name, value in state.items():
        number, _, what = name.partition(".")
        parameter = parameters[int(number)]
        tensor = torch.from_numpy(np.array(value))
        if tensor.ndim == 4:  # laid out as the parameter is, so that what follows is the same to the last bit
            tensor = tensor.contiguous(memory_format=torch.channels_last)
        optimiser.state[parameter][what] = tensor


def _rate(done: float, rise: float) -> float:
    """Share of the highest learning rate after a share of the steps: up in a line, down along a cosine."""
    if done < rise:
        return _LOWEST + (1 - _LOWEST) * done / rise
    return _LOWEST + (1 - _LOWEST) * (1 + math.cos(math.pi * min(1.0, (done - rise) / (1 - rise)))) / 2
