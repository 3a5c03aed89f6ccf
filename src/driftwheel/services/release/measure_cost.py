"""Measure how long two classifiers take for one image, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.learning.classifier import Classifier

__all__ = ["measure_latency"]

_WARM = 3
_ROUNDS = 60


def measure_latency(
    classifiers: Sequence[Classifier],
    pixels: Sequence[NDArray[np.uint8]],
    *,
    clock: Callable[[], float],
    rounds: int = _ROUNDS,
) -> list[float]:
    """Return the median seconds that each classifier takes for one image: to prepare it, and to answer.

    They take turns, so that what else the machine does meets all alike.

    Parameters
    ----------
    pixels
        Decoded images, at least one; they are taken in turn.
    clock
        Tells seconds.
    """
    took = np.zeros((len(classifiers), rounds))
    for turn in range(-_WARM, rounds):
        image = pixels[turn % len(pixels)]
        for number, classifier in enumerate(classifiers):
            begun = clock()
            prepared: NDArray[Any] = classifier.prepare(image)
            classifier.scores(prepared[None])
            if turn >= 0:
                took[number, turn] = clock() - begun
    return [float(one) for one in np.median(took, axis=1)]
