"""What a trained file is worth on images that were held out, beside the champion on the very same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.learning.labelled_images import FewerImages, LabelledImages
from driftwheel.learning.measure_classifier import ClassifierAnswers, classifier_answers
from driftwheel.performance.paired_difference import difference_bounds, paired_counts
from driftwheel.performance.wilson import wilson_interval

__all__ = ["CONFIDENCE", "MOST_HELD_OUT", "held_out_results"]

CONFIDENCE = 0.9
"""Of every interval of a training's results; each bound holds with half of what is left."""

MOST_HELD_OUT = 1000
"""Images that are measured on: then an accuracy is known to some two points."""


def held_out_results(
    file: bytes,
    champion: bytes | None,
    images: LabelledImages,
    *,
    name: str,
    fault: FaultCase | None = None,
    seed: int = 0,
    threads: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Return a file's accuracy, loss, recalls, confusions and gain over the champion, as JSON has them.

    Parameters
    ----------
    champion
        None: there is nothing to compare with.
    images
        That neither should have learnt from; of more than 1,000 a random sample is measured.
    name
        Of their split.
    fault
        Each image is given it; None: as they are.
    """
    if len(images) > MOST_HELD_OUT:
        rows = np.sort(np.random.default_rng([seed, 41]).permutation(len(images))[:MOST_HELD_OUT])
        images = FewerImages(images, rows)
    shown = "as they are" if fault is None else f"given {fault.fault.replace('_', ' ')}"
    say(f"Measuring on {len(images):,} images of the {name} split, {shown}.")
    found = classifier_answers(file, images, fault=fault, seed=seed, threads=threads)
    result = {
        "split": name,
        "n": len(images),
        **_figures(found, images.classes),
        "confusion": _confusion(found, images.classes),
    }
    if champion is not None:
        before = classifier_answers(champion, images, fault=fault, seed=seed, threads=threads)
        counts = paired_counts(before.right, found.right)
        low, high = difference_bounds(counts, (1 + CONFIDENCE) / 2)
        result["champion"] = _figures(before, images.classes)
        result["gain"] = {
            "difference": counts.difference,
            "low": low,
            "high": high,
            "gained": counts.gained,
            "lost": counts.lost,
        }
    return result


def _figures(found: ClassifierAnswers, classes: tuple[str, ...]) -> dict[str, Any]:
    right = found.right
    low, high = (float(end) for end in wilson_interval(right.sum(), len(right), level=CONFIDENCE))
    recalls = {
        name: {"n": int(rows.sum()), "recall": float(right[rows].mean())}
        for number, name in enumerate(classes)
        if (rows := found.labels == number).any()
    }
    return {
        "accuracy": float(right.mean()),
        "low": low,
        "high": high,
        "loss": found.loss,
        "recalls": recalls,
    }


def _confusion(found: ClassifierAnswers, classes: tuple[str, ...]) -> list[tuple[str, str, int]]:
    """Return (true class, named class, images), where there are any."""
    counts = np.zeros((len(classes), len(classes)), np.intp)
    np.add.at(counts, (found.labels, found.scores.argmax(axis=1)), 1)
    return [(classes[i], classes[j], int(counts[i, j])) for i, j in zip(*np.nonzero(counts), strict=True)]
