"""The trainers `small-network` and `fine-tuning`: gradients through a torch module, then an ONNX file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy.special import softmax

from driftwheel.learning.best_temperature import best_temperature
from driftwheel.learning.networks.classifier_file import ClassifierNetwork, write_classifier
from driftwheel.learning.networks.torch_network import build_torch, import_torch, own_torch, torch_logits
from driftwheel.learning.trainers.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from driftwheel.learning.trainers.fit_head import weighted_loss
from driftwheel.learning.trainers.fit_layers import FittedLayers, fit_layers
from driftwheel.learning.trainers.linear_head import Splits, head_of, prepare_splits, with_head
from driftwheel.learning.trainers.parity import check_parity
from driftwheel.learning.trainers.start_network import start_network
from driftwheel.learning.trainers.trainer import TrainedClassifier, TrainingJob, TrainingWatch

__all__ = ["FineTuning", "SmallNetwork"]

_PROBES = 16
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
        run = _Run(job, watch, splits, _digest(job))
        kept = read_checkpoint(job.checkpoint, run.digest)
        so_far = None if kept is None else FittedLayers.of(kept)
        rate = _rate(job, "small")
        return run.finished(network, run.fit(network, "all", rate, job.recipe.epochs, so_far), {})


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
        run = _Run(job, watch, splits, _digest(job))
        kept = read_checkpoint(job.checkpoint, run.digest)
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
            found = run.fit(probed, stage, _rate(job, stage), trial, begun, told=False)
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
        run: _Run,
        network: ClassifierNetwork,
        stage: str,
        so_far: FittedLayers | None,
        notes: dict[str, Any],
    ) -> TrainedClassifier:
        layers: Stage = "first" if stage == "first" else "all"
        job = run.job
        done = run.fit(network, layers, _rate(job, layers), job.recipe.epochs, so_far, notes=notes)
        return run.finished(network, done, notes)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One training: its job, who watches, and its pictures."""

    job: TrainingJob
    watch: TrainingWatch
    splits: Splits
    digest: str

    def fit(
        self,
        network: ClassifierNetwork,
        layers: Stage,
        rate: float,
        until: int,
        so_far: FittedLayers | None,
        *,
        notes: dict[str, Any] | None = None,
        told: bool = True,
    ) -> FittedLayers:
        """Train until so many epochs are done; tell of each, and leave checkpoints, where it is `told`."""
        done = so_far or FittedLayers(dict(network.weights), dict(network.weights))
        if so_far is not None and told and so_far.epochs:
            self.watch.say(f"Goes on after epoch {len(so_far.epochs)}.")
        steps = fit_layers(
            network,
            self.splits.learn,
            self.splits.check,
            job=self.job,
            watch=self.watch,
            layers=layers,
            rate=rate,
            until=until,
            so_far=so_far,
        )
        for done in steps:
            if not told:
                continue
            self.watch.epoch(done.epochs[-1])
            now = done
            self.watch.checkpoint(lambda: self._kept(layers, now, notes or {}))  # noqa: B023  called at once
        return done

    def finished(
        self, network: ClassifierNetwork, fitted: FittedLayers, notes: dict[str, Any]
    ) -> TrainedClassifier:
        """Return the file of the best weights, checked against torch."""
        job, check = self.job, self.splits.check
        best = replace(network, weights=fitted.best, temperature=1.0)
        with own_torch(job.threads):
            module = build_torch(best)
            logits = torch_logits(module, check.flat)
        counts = check.flat_weights(np.ones(len(check)))
        temperature, loss = best_temperature(logits.astype(np.float64), check.flat_labels, counts)
        file = write_classifier(replace(best, temperature=temperature))
        probes = logits[:_PROBES] / temperature
        scores = softmax(probes.astype(np.float64), axis=1).astype(np.float32)
        parity = check_parity(file, check.flat[:_PROBES], scores, threads=job.threads)
        kept = min(fitted.epochs, key=lambda one: one.validation_loss, default=None)
        improved = kept is not None and kept.validation_loss < fitted.baseline
        if not improved and fitted.epochs:
            self.watch.say("No epoch did better than the head alone: that is what is kept.")
        found = {
            **notes,
            "epochs": len(fitted.epochs),
            "best_epoch": kept.number if kept is not None and improved else None,
            "temperature": round(temperature, 4),
            "validation_loss": loss,
            "parity": parity,
        }
        return TrainedClassifier(file, found)

    def _kept(self, stage: str, done: FittedLayers, notes: dict[str, Any]) -> bytes:
        return write_checkpoint(
            Checkpoint(self.digest, stage, tuple(done.epochs), done.arrays(), {**notes, "chosen": stage})
        )


def _rate(job: TrainingJob, name: str) -> float:
    return job.recipe.learning_rate or _RATES[name] * (1.0 if job.start is None else _GOING_ON)


def _digest(job: TrainingJob) -> str:
    """Return a name of all that a training depends on, but for the pixels."""
    told = json.dumps(job.recipe.plain(), sort_keys=True).encode()
    start = b"" if job.start is None else hashlib.sha256(job.start).digest()
    labels = job.train.labels.astype("<i8").tobytes() + job.validation.labels.astype("<i8").tobytes()
    weights = np.round(job.weights, 9).astype("<f8").tobytes()
    return hashlib.sha256(told + start + labels + weights).hexdigest()
