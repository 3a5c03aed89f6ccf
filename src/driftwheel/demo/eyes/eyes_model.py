"""The model that looks at eyes: a small network, trained as many first models are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftwheel.demo.eyes.published_eyes import CLASSES, Eye
from driftwheel.images.decode import decode
from driftwheel.learning.labelled_images import ImagesInMemory
from driftwheel.learning.trainers.recipe import Augmentation, Recipe

__all__ = ["CHAMPION", "labelled_eyes"]

CHAMPION = Recipe(
    trainer="small-network",
    side=32,
    width=12,
    levels=3,
    replay=0.5,
    augmentation=Augmentation(flip=False, zoom=0.0, light=0.0, colour=0.0),
)
"""Learns from images as they are, without augmentation, so that what it has not seen it does not know.

Going on from it, the new images count as much as all old ones: there are few of them, and they are what it
has to do with from now on.
"""


def labelled_eyes(eyes: Sequence[Eye], labels: Sequence[str] | None = None) -> ImagesInMemory:
    """Return eyes for a trainer, with their own labels or with those that others gave."""
    said = [one.label for one in eyes] if labels is None else labels
    numbers = np.array([CLASSES.index(one) for one in said], np.intp)
    return ImagesInMemory(CLASSES, numbers, [_pixels(one.file) for one in eyes])


@cache
def _pixels(file: Path) -> NDArray[np.uint8]:
    return decode(file.read_bytes()).pixels
