"""The trainers `small-network` and `fine-tuning`: gradients through a torch module, then an ONNX file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from driftwheel.learning.networks.classifier_file import ClassifierNetwork
from driftwheel.learning.networks.torch_network import import_torch
from driftwheel.learning.trainers.fit_head import weighted_loss
from driftwheel.learning.trainers.fit_layers import FittedLayers
from driftwheel.learning.trainers.label_lesson import LabelLesson
from driftwheel.learning.trainers.linear_head import head_of, prepare_splits, with_head
from driftwheel.learning.trainers.start_network import start_network
from driftwheel.learning.trainers.torch_run import TorchRun
from driftwheel.learning.trainers.trainer import TrainedClassifier, TrainingJob, TrainingWatch

__all__ = ["FineTuning", "SmallNetwork"]

_TRIAL_EPOCHS = 2
_RATES = {"small": 3e-3, "all": 2e-4, "first": 1e-3}
_GOING_ON = 0.5  # of these rates: what is known is not to be lost
_WORDS = {"all": "all layers", "first": "the first block and the head", "last": "the head alone"}

Stage = Literal["all", "first"]


@dataclass(frozen=True, slots=True)
class SmallNetwork:
    """Trains a small convolutional network from scratch, or goes on with one. A `Trainer`."""

    def train(self, job: TrainingJob, watch: TrainingWatch) -> TrainedClassifier:
        """Train a classifier; see `Trainer.train`."""
        import_torch()  # before anything takes long
        network = start_network(job.recipe, job.train.classes, job.start)
        splits = prepare_splits(job, watch, network.shape.side)
        run = TorchRun(job, watch, splits)
        kept = run.kept()
        so_far = None if kept is None else FittedLayers.of(kept)
        rate = _rate(job, "small")
        lesson, epochs = _lesson(run, "all"), job.recipe.epochs
        done = run.fit(network, lesson, "all", rate=rate, until=epochs, so_far=so_far)
        return run.finished(network, done, {})


@dataclass(frozen=True, slots=True)
class FineTuning:
    """Trains EfficientNet-Lite0, or the network to go on from, further: all layers, the first, or the last.

    First the head is fitted, which gives gradients from the first step on that do not spoil what the network
    knows. A `Trainer`.

    Notes
    -----
    Sources: Kumar, Raghunathan, Jones, Ma and Liang, "Fine-tuning can distort pretrained features and
    underperform out-of-distribution", ICLR 2022 (the head first); Lee, Chen, Tajwar, Kumar, Yao, Liang and
    Finn, "Surgical fine-tuning improves adaptation to distribution shifts", ICLR 2023 (the first block for
    shifts of the input).
    """

    def train(self, job: TrainingJob, watch: TrainingWatch) -> TrainedClassifier:
        """Train a classifier; see `Trainer.train`."""
        import_torch()
        network = start_network(job.recipe, job.train.classes, job.start)
        splits = prepare_splits(job, watch, network.shape.side)
        run = TorchRun(job, watch, splits)
        kept = run.kept()
        if kept is not None and kept.notes.get("chosen"):
            so_far = FittedLayers.of(kept, kept.notes["head_loss"])
            return self._gone_on(run, network, kept.stage, so_far, dict(kept.notes))
        fitted, _, check = head_of(network, splits, job, watch)
        probed = with_head(network, fitted)
        alone = weighted_loss(check.features @ fitted.weights.T + fitted.bias, check.labels, check.weights)
        tried = {"last": alone}
        notes: dict[str, Any] = {"trials": tried, "penalty": fitted.penalty}
        wanted = job.recipe.layers
        if wanted == "last":
            return run.finished(probed, FittedLayers(probed.weights, probed.weights), notes)
        stages: tuple[Stage, ...] = ("first", "all") if wanted == "auto" else (wanted,)
        best: FittedLayers | None = None
        chosen: Stage = stages[0]
        trial = min(_TRIAL_EPOCHS, job.recipe.epochs) if wanted == "auto" else 0
        for stage in stages:
            begun = FittedLayers(probed.weights, probed.weights, baseline=alone)
            lesson = _lesson(run, stage)
            rate = _rate(job, stage)
            found = run.fit(probed, lesson, stage, rate=rate, until=trial, so_far=begun, told=False)
            if trial:
                tried[stage] = found.loss
                watch.say(f"Trial of {_WORDS[stage]}: validation loss {found.loss:.4f}.")
            if best is None or found.loss < best.loss:
                best, chosen = found, stage
        if trial and best is not None:
            for epoch in best.epochs:
                watch.epoch(epoch)
        if wanted == "auto":
            watch.say(f"The head alone: validation loss {alone:.4f}. Goes on with {_WORDS[chosen]}.")
        notes |= {"chosen": chosen, "head_loss": alone}
        return self._gone_on(run, probed, chosen, best, notes)

    def _gone_on(
        self,
        run: TorchRun,
        network: ClassifierNetwork,
        stage: str,
        so_far: FittedLayers | None,
        notes: dict[str, Any],
    ) -> TrainedClassifier:
        layers: Stage = "first" if stage == "first" else "all"
        job = run.job
        done = run.fit(
            network,
            _lesson(run, layers),
            layers,
            rate=_rate(job, layers),
            until=job.recipe.epochs,
            so_far=so_far,
            notes=notes,
        )
        return run.finished(network, done, notes)


def _rate(job: TrainingJob, name: str) -> float:
    return job.recipe.learning_rate or _RATES[name] * (1.0 if job.start is None else _GOING_ON)


def _lesson(run: TorchRun, layers: Stage) -> LabelLesson:
    job = run.job
    return LabelLesson(run.splits.learn, job.weights, layers, job.recipe.augmentation)
