"""The trainer `distillation`: a network learns to see images with a camera fault as it sees them without."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from driftwheel.errors import UsageError
from driftwheel.learning.networks.torch_network import import_torch
from driftwheel.learning.trainers.distil_lesson import distil_lesson
from driftwheel.learning.trainers.fit_layers import FittedLayers
from driftwheel.learning.trainers.linear_head import head_of, prepare_splits, with_checked_head, with_head
from driftwheel.learning.trainers.network_features import network_features
from driftwheel.learning.trainers.recipe import NO_FAULT
from driftwheel.learning.trainers.start_network import start_network
from driftwheel.learning.trainers.torch_run import TorchRun
from driftwheel.learning.trainers.trainer import TrainedClassifier, TrainingJob, TrainingWatch

__all__ = ["Distillation"]

_RATE = 5e-4
_STAGE = "all"


@dataclass(frozen=True, slots=True)
class Distillation:
    """Teaches a network what a camera fault hides. A `Trainer`.

    Each image that may be given the recipe's faults is seen with and without: what the network made of the
    clean one, as it was when the training began, is what it is to make of both. No label is needed for that;
    the head is fitted afterwards as that of the linear head, to all images and labels, those that have the
    fault already among them. Epochs are judged by how far what it makes of the validation split's images is
    from that; where none comes closer, the network stays as it was.

    Notes
    -----
    Sources: Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015; Romero, Ballas,
    Kahou, Chassang, Gatta and Bengio, "FitNets: hints for thin deep nets", ICLR 2015, for teaching by
    features. What it is worth is measured in bench/results/repair.md.
    """

    def train(self, job: TrainingJob, watch: TrainingWatch) -> TrainedClassifier:
        """Train a classifier; see `Trainer.train`."""
        import_torch()  # before anything takes long
        if not job.recipe.faults:
            raise UsageError(NO_FAULT)
        network = start_network(job.recipe, job.train.classes, job.start)
        splits = prepare_splits(job, watch, network.shape.side)
        if not (splits.learn.fault_shares > 0).any():
            raise UsageError(
                "No image of the training split may be given the fault: all may have it already."
            )
        if job.start is None:
            network = with_head(network, head_of(network, splits, job, watch)[0])
        run = TorchRun(job, watch, splits)
        kept = run.kept()
        watch.say("Computing what the network makes of the clean images.")
        begun_with = network_features(network.shape, network.weights, splits.check.flat, threads=job.threads)
        lesson = distil_lesson(
            network,
            splits.learn,
            splits.check,
            begun_with,
            job.weights,
            mirrored=job.recipe.augmentation.flip,
            threads=job.threads,
        )
        before = lesson.judge(begun_with, 0.0)
        begun = FittedLayers(dict(network.weights), dict(network.weights), baseline=before)
        so_far = begun if kept is None else FittedLayers.of(kept, before)
        rate = job.recipe.learning_rate or _RATE
        done = run.fit(network, lesson, _STAGE, rate=rate, until=job.recipe.epochs, so_far=so_far)
        student = replace(network, weights=done.best)
        head, _, checked = head_of(student, splits, job, watch)
        made = with_checked_head(student, head, splits, checked)
        watch.say(
            "Distance between what the network makes of faulty and of clean images, in squared deviations: "
            f"{before:.3f} before, {min(done.loss, before):.3f} now."
        )
        if done.best_epoch is None:
            watch.say("No epoch came closer than the network as it was: that is what gets the new head.")
        told: dict[str, Any] = {"epochs": len(done.epochs), "best_epoch": done.best_epoch}
        told |= {"distance_before": before, "distance": min(done.loss, before)}
        return TrainedClassifier(made.file, {**made.notes, **told, "validation_loss": head.loss})
