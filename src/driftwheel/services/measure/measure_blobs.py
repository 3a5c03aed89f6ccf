"""Measure images that are kept as blobs, in processes of their own: a file that ends one harms no other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import BlobsUnreachableError, DriftwheelError, UnreadableImageError
from driftwheel.images.properties import measure
from driftwheel.learning.embedder import Prepare
from driftwheel.services.measure.measure_images import single_threaded_opencv
from driftwheel.services.measure.parallel import map_in_order
from driftwheel.store.files.blobs import Blobs

__all__ = ["CRASHED", "MeasuredBlob", "WantedBlob", "measure_blobs"]

CRASHED = "the process that decoded it ended"
"""The reason of an image that brings down the process it is decoded in."""

_TASK = 4  # blobs a process takes at once
_NICE = 10  # measuring gives way to what answers requests

_niced: set[int] = set()


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredBlob:
    """What is kept of one image.

    Attributes
    ----------
    values
        (p,) float32 properties in exact mode.
    hash64
        Its difference hash.
    width, height
        Of the upright image in pixels.
    prepared
        What the embedder reads, None without one.
    picture
        What the autoencoder reads, likewise.
    """

    values: NDArray[np.float32]
    hash64: int
    width: int
    height: int
    prepared: NDArray[Any] | None
    picture: NDArray[np.uint8] | None = None


class WantedBlob(NamedTuple):
    """A blob that is to be measured: its digest, and what embedder and autoencoder make of the pixels."""

    digest: bytes
    prepare: Prepare | None = None
    show: Prepare | None = None


Found = MeasuredBlob | str | None


def measure_blobs(blobs: Blobs, wanted: Sequence[WantedBlob], *, threads: int | None = None) -> list[Found]:
    """Return for each blob what was measured, why it cannot be decoded, or None where it is not kept.

    Parameters
    ----------
    wanted
        Which, and what is made of their pixels.
    threads
        How many are worked on at once, each in a process of its own; by default as many as there are
        processors. 1 stays in this process.

    Raises
    ------
    OSError
        When the blobs cannot be read now.
    """
    tasks = [wanted[begin : begin + _TASK] for begin in range(0, len(wanted), _TASK)]
    found: list[Found] = []
    with single_threaded_opencv():
        work = partial(_measure_task, blobs, os.getpid())
        try:
            for done in map_in_order(work, tasks, threads=threads, few=0):
                found += done
        except BlobsUnreachableError:
            raise
        except DriftwheelError:  # a process ended: find out over which image
            for one in wanted[len(found) :]:
                found += _alone(work, one)
    return found


def _alone(work: partial[list[Found]], one: WantedBlob) -> list[Found]:
    try:
        return next(map_in_order(work, [[one]], threads=2, few=0))
    except BlobsUnreachableError:
        raise
    except DriftwheelError:
        return [CRASHED]


def _measure_task(blobs: Blobs, server: int, wanted: Sequence[WantedBlob]) -> list[Found]:
    process = os.getpid()
    if process != server and process not in _niced and hasattr(os, "nice"):
        _niced.add(process)
        with suppress(OSError):
            os.nice(_NICE)
    return [_measure_one(blobs, one) for one in wanted]


def _measure_one(blobs: Blobs, wanted: WantedBlob) -> Found:
    try:
        data = blobs.get(wanted.digest)
    except FileNotFoundError:
        return None
    try:
        measured = measure(data, "exact")
        prepared = None if wanted.prepare is None else wanted.prepare(measured.pixels)
        picture = None if wanted.show is None else wanted.show(measured.pixels)
    except UnreadableImageError as error:
        return error.reason
    height, width = measured.pixels.shape[:2]
    return MeasuredBlob(measured.values, measured.hash64, width, height, prepared, picture)
