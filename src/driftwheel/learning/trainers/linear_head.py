"""The trainer `linear-head`: a network stays as it is, and gets a new head."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax

from driftwheel.learning.networks.classifier_file import ClassifierNetwork, write_classifier
from driftwheel.learning.trainers.fit_head import FittedHead, Labelled, fit_head, weighted_loss
from driftwheel.learning.trainers.network_features import network_features
from driftwheel.learning.trainers.parity import check_parity
from driftwheel.learning.trainers.prepared_pictures import PreparedPictures, prepare_pictures
from driftwheel.learning.trainers.start_network import start_network
from driftwheel.learning.trainers.trainer import Epoch, TrainedClassifier, TrainingJob, TrainingWatch

__all__ = ["LinearHead", "Splits", "head_of", "prepare_splits", "with_checked_head", "with_head"]

_PROBES = 16


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """What is learnt from and what it is checked on, prepared for a network."""

    learn: PreparedPictures
    check: PreparedPictures


@dataclass(frozen=True, slots=True)
class LinearHead:
    """Fits the last layer, on the features of EfficientNet-Lite0 or of the network to go on from.

    A `Trainer`. It needs no torch, and is done in seconds: an image costs what a prediction does.
    """

    def train(self, job: TrainingJob, watch: TrainingWatch) -> TrainedClassifier:
        """Train a classifier; see `Trainer.train`."""
        network = start_network(job.recipe, job.train.classes, job.start)
        splits = prepare_splits(job, watch, network.shape.side)
        fitted, learn, check = head_of(network, splits, job, watch)
        watch.epoch(_measured(fitted, learn, check, watch.seconds()))
        return with_checked_head(network, fitted, splits, check)


def prepare_splits(job: TrainingJob, watch: TrainingWatch, side: int) -> Splits:
    """Return the pictures of both splits; those to check on have as many faults as those to learn from."""
    recipe = job.recipe
    made = []
    may = job.may_fault or (None, None)
    for name, images, may_fault, copies in (
        ("train", job.train, may[0], 2),
        ("validation", job.validation, may[1], 1),
    ):
        watch.say(f"Reading {len(images):,} images of the {name} split at {side} px.")
        pictures = prepare_pictures(
            images,
            side=side,
            faults=recipe.faults,
            fault_share=recipe.fault_share,
            may_fault=may_fault,
            copies=copies,
            seed=recipe.seed,
            file=job.folder / f"{name}.npy",
            threads=job.threads,
        )
        made.append(pictures)
    return Splits(made[0], made[1])


def head_of(
    network: ClassifierNetwork, splits: Splits, job: TrainingJob, watch: TrainingWatch
) -> tuple[FittedHead, Labelled, Labelled]:
    """Return the best head for the features of a network, and the features of both splits."""
    found = []
    for pictures, weights in (
        (splits.learn, job.weights),
        (splits.check, np.ones(len(splits.check))),
    ):
        watch.say(f"Computing the features of {len(pictures.flat):,} pictures.")
        features = network_features(network.shape, network.weights, pictures.flat, threads=job.threads)
        found.append(Labelled(features, pictures.flat_labels, pictures.flat_weights(weights)))
    learn, check = found
    before = None
    if job.start is not None:
        before = network.weights["head.weight"], network.weights["head.bias"]
    begun = watch.seconds()
    fitted = fit_head(learn, check, len(network.shape.classes), before=before)
    watch.say(
        f"Fitted a head in {watch.seconds() - begun:.1f} s: penalty {fitted.penalty:g}, validation loss "
        f"{fitted.loss:.4f}."
    )
    return fitted, learn, check


def with_head(network: ClassifierNetwork, head: FittedHead) -> ClassifierNetwork:
    """Return the network with another head."""
    weights = {**network.weights, "head.weight": head.weights, "head.bias": head.bias}
    return replace(network, weights=weights, temperature=head.temperature)


def with_checked_head(
    network: ClassifierNetwork, head: FittedHead, splits: Splits, check: Labelled
) -> TrainedClassifier:
    """Return the file of a network with a head, which answers as its features and the head do."""
    file = write_classifier(with_head(network, head))
    logits = check.features[:_PROBES] @ head.weights.T + head.bias
    scores = softmax(logits / head.temperature, axis=1).astype(np.float32)
    parity = check_parity(file, splits.check.flat[:_PROBES], scores)
    notes = {"penalty": head.penalty, "temperature": round(head.temperature, 4), "parity": parity}
    return TrainedClassifier(file, notes)


def _measured(head: FittedHead, learn: Labelled, check: Labelled, seconds: float) -> Epoch:
    logits = [part.features @ head.weights.T + head.bias for part in (learn, check)]
    losses = [
        weighted_loss(found / head.temperature, part.labels, part.weights)
        for found, part in zip(logits, (learn, check), strict=True)
    ]
    hits = logits[1].argmax(axis=1) == check.labels
    return Epoch(1, losses[0], losses[1], float(np.average(hits, weights=check.weights)), seconds)
