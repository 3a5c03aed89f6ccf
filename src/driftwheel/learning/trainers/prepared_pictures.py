"""Pictures prepared once for a network: cut and scaled, as they are and with camera faults, in a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.learning.centre_crop import centre_crop
from driftwheel.learning.labelled_images import LabelledImages
from driftwheel.learning.stored_fault import JPEG_QUALITIES, stored_fault

__all__ = ["PreparedPictures", "prepare_pictures"]

_CAMERAS = 4  # that faulty images are spread over: dirt sits elsewhere on each


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPictures:
    """Pictures as a network reads them.

    Attributes
    ----------
    pictures
        (n, 1 + copies, side, side, 3) uint8 RGB: each image as it is, then with faults.
    labels
        (n,)
    fault_shares
        (n,) how often each is to be seen with a fault, 0…1.
    """

    pictures: NDArray[np.uint8]
    labels: NDArray[np.intp]
    fault_shares: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def flat(self) -> NDArray[np.uint8]:
        """(n · (1 + copies), side, side, 3): all of them."""
        return self.pictures.reshape(-1, *self.pictures.shape[2:])

    def flat_weights(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much each of `flat` counts, where images count as `weights` say."""
        copies = self.pictures.shape[1] - 1
        shares = self.fault_shares[:, None]
        each = np.hstack([1 - shares, *([shares / max(copies, 1)] * copies)])
        return np.asarray((weights[:, None] * each).ravel())

    @property
    def flat_labels(self) -> NDArray[np.intp]:
        """The label of each of `flat`."""
        return np.repeat(self.labels, self.pictures.shape[1])


def prepare_pictures(
    images: LabelledImages,
    *,
    side: int,
    faults: Sequence[FaultCase] = (),
    fault_share: float = 0.5,
    may_fault: NDArray[np.bool_] | None = None,
    copies: int = 2,
    seed: int,
    file: Path,
    threads: int = 1,
    tick: Callable[[], None] = lambda: None,
) -> PreparedPictures:
    """Decode each image once, give it faults at its full size, and bring it to the network's.

    Parameters
    ----------
    side
        Of the pictures, in pixels.
    faults
        Each faulty copy has one of them, drawn at random, and is stored as JPEG after it, as cameras do: what
        that does to a blurred or grainy image is a part of what the model will see.
    may_fault
        (n,) which images may be given a fault; those that have it already may not. None: all.
    copies
        Faulty pictures of each image, where there are faults.
    file
        Where they are kept, so that memory need not hold them all; it is written anew.
    tick
        Called after every image.

    Raises
    ------
    SourceError
        When an image cannot be read.
    """
    shares = np.zeros(len(images))
    if faults:
        shares[:] = fault_share if may_fault is None else np.where(may_fault, fault_share, 0.0)
    kept = 1 + (copies if shares.any() else 0)
    shape = (len(images), kept, side, side, 3)
    pictures = np.lib.format.open_memmap(file, "w+", np.uint8, shape)
    with suppress(OSError):  # its space is free again as soon as this process ends, however that comes about
        file.unlink()
    work = partial(_prepared, images, side, tuple(faults), shares, kept - 1, seed)
    with ThreadPoolExecutor(max(1, threads)) as pool:
        for start in range(0, len(images), 64):  # a few at a time, so that none wait in memory
            numbers = range(start, min(start + 64, len(images)))
            for number, made in zip(numbers, pool.map(work, numbers), strict=True):
                pictures[number] = made
                tick()
    return PreparedPictures(pictures, np.asarray(images.labels), shares)


def _prepared(  # noqa: PLR0917  what is the same for all images, and the number of one
    images: LabelledImages,
    side: int,
    faults: tuple[FaultCase, ...],
    shares: NDArray[np.float64],
    copies: int,
    seed: int,
    number: int,
) -> NDArray[np.uint8]:
    pixels = images.image(number)
    rng = np.random.default_rng([seed, 21, number])
    made = [_cut(pixels, side)]
    for _ in range(copies):
        if not shares[number]:
            made.append(made[0])  # never seen, and weighs nothing
            continue
        case = faults[int(rng.integers(len(faults)))]
        camera = seed * _CAMERAS + int(rng.integers(_CAMERAS))
        made.append(_cut(stored_fault(pixels, case, camera, int(rng.integers(*JPEG_QUALITIES))), side))
    return np.stack(made)


def _cut(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(centre_crop(pixels, side, side), cv2.COLOR_BGR2RGB), dtype=np.uint8)
