"""One training by gradients: epochs told of and kept in checkpoints, the best of them as an ONNX file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import softmax

from driftwheel.learning.best_temperature import best_temperature
from driftwheel.learning.networks.classifier_file import ClassifierNetwork, write_classifier
from driftwheel.learning.networks.torch_network import build_torch, own_torch, torch_logits
from driftwheel.learning.trainers.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from driftwheel.learning.trainers.fit_layers import FittedLayers, fit_layers
from driftwheel.learning.trainers.lesson import Lesson
from driftwheel.learning.trainers.linear_head import Splits
from driftwheel.learning.trainers.parity import check_parity
from driftwheel.learning.trainers.trainer import TrainedClassifier, TrainingJob, TrainingWatch

__all__ = ["TorchRun"]

_PROBES = 16


@dataclass(frozen=True, slots=True, eq=False)
class TorchRun:
    """One training: its job, who watches, and its pictures."""

    job: TrainingJob
    watch: TrainingWatch
    splits: Splits

    def kept(self) -> Checkpoint | None:
        """Return what the last run of this very job left, if anything."""
        return read_checkpoint(self.job.checkpoint, _digest(self.job))

    def fit(
        self,
        network: ClassifierNetwork,
        lesson: Lesson,
        stage: str,
        *,
        rate: float,
        until: int,
        so_far: FittedLayers | None,
        notes: dict[str, Any] | None = None,
        told: bool = True,
    ) -> FittedLayers:
        """Train until so many epochs are done; tell of each, and leave checkpoints, where it is `told`.

        `stage` and `notes` are kept in the checkpoints.
        """
        done = so_far or FittedLayers(dict(network.weights), dict(network.weights))
        if so_far is not None and told and so_far.epochs:
            self.watch.say(f"Goes on after epoch {len(so_far.epochs)}.")
        steps = fit_layers(
            network,
            lesson,
            self.splits.check,
            job=self.job,
            watch=self.watch,
            rate=rate,
            until=until,
            so_far=so_far,
        )
        for done in steps:
            if not told:
                continue
            self.watch.epoch(done.epochs[-1])
            now = done
            self.watch.checkpoint(lambda: self._kept(stage, now, notes or {}))  # noqa: B023  called at once
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
        if fitted.best_epoch is None and fitted.epochs:
            self.watch.say("No epoch did better than the head alone: that is what is kept.")
        found = {
            **notes,
            "epochs": len(fitted.epochs),
            "best_epoch": fitted.best_epoch,
            "temperature": round(temperature, 4),
            "validation_loss": loss,
            "parity": parity,
        }
        return TrainedClassifier(file, found)

    def _kept(self, stage: str, done: FittedLayers, notes: dict[str, Any]) -> bytes:
        return write_checkpoint(
            Checkpoint(
                _digest(self.job), stage, tuple(done.epochs), done.arrays(), {**notes, "chosen": stage}
            )
        )


def _digest(job: TrainingJob) -> str:
    """Return a name of all that a training depends on, but for the pixels."""
    told = json.dumps(job.recipe.plain(), sort_keys=True).encode()
    start = b"" if job.start is None else hashlib.sha256(job.start).digest()
    labels = job.train.labels.astype("<i8").tobytes() + job.validation.labels.astype("<i8").tobytes()
    weights = np.round(job.weights, 9).astype("<f8").tobytes()
    return hashlib.sha256(told + start + labels + weights).hexdigest()
