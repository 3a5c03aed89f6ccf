"""Photos of cats and dogs for bench/repair.py: shared out once, and taken again by a camera with a fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.images.decode import decode
from driftwheel.learning.labelled_images import ImagesInMemory
from driftwheel.records import Image
from driftwheel.services.check.simulate_faults import faulty_file

CLASSES = ("cat", "dog")
DAYS, A_DAY, FIRST_BAD = 7, 100, 4
LEARNT, CHECKED = 1280, 320  # of the old photos; the other 400 are the reference
PRODUCTION_CAMERA = 5000  # simulated cameras of retraining and of the diagnosis have numbers from 0 on


@dataclass(frozen=True)
class Photo:
    """A file, and what is in it."""

    name: str
    data: bytes
    label: str

    @cached_property
    def pixels(self):
        return decode(self.data).pixels

    @property
    def image(self) -> Image:
        return Image(self.name, self.data)


@dataclass(frozen=True)
class Photos:
    """Who sees what: no photo is in two of these.

    `week` holds those of each day, in its first days as they should be.
    """

    learnt: Sequence[Photo]
    checked: Sequence[Photo]
    reference: Sequence[Photo]
    week: Sequence[Sequence[Photo]]
    held_out: Sequence[Photo]


def share_out(folder: Path, seed: int) -> Photos:
    """Share the photos out: the old ones always alike, those of production anew with each seed."""
    old, production = _shuffled(folder, "train", 0), _shuffled(folder, "production", seed)
    week = [production[day * A_DAY : (day + 1) * A_DAY] for day in range(DAYS)]
    return Photos(
        old[:LEARNT],
        old[LEARNT : LEARNT + CHECKED],
        old[LEARNT + CHECKED :],
        week,
        production[DAYS * A_DAY :],
    )


def taken_with(photos: Sequence[Photo], case: FaultCase) -> list[Photo]:
    """Return the photos as production's camera stores them while it has the fault."""
    return [
        Photo(one.name, faulty_file(decode(one.data), case, PRODUCTION_CAMERA), one.label) for one in photos
    ]


def labelled(photos: Sequence[Photo]) -> ImagesInMemory:
    labels = np.array([CLASSES.index(one.label) for one in photos], np.intp)
    return ImagesInMemory(CLASSES, labels, [one.pixels for one in photos])


def _shuffled(folder: Path, part: str, seed: int) -> list[Photo]:
    files = sorted((folder / part).glob("*/*.jpg"))
    order = np.random.default_rng([seed, len(files)]).permutation(len(files))
    return [
        Photo(f"{files[i].parent.name}/{files[i].name}", files[i].read_bytes(), files[i].parent.name)
        for i in order
    ]
