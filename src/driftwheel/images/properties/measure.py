"""From one image, encoded or as an array, to all its properties."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.decode import Reduction, decode
from driftwheel.images.header import Header
from driftwheel.images.properties.near_duplicate import hash64
from driftwheel.images.properties.table import PROPERTIES
from driftwheel.images.scratch import Scratch
from driftwheel.images.views import Pixels, Views, medium_reduction
from driftwheel.records import Mode

__all__ = ["Measured", "measure", "measure_views"]

_local = threading.local()


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """All properties of one image.

    Attributes
    ----------
    values
        (p,) float32 in the order of `PROPERTIES`; NaN where not defined.
    hash64
        What `near_duplicates` compares.
    pixels
        (h, w, 3) BGR uint8 for an embedder: the full decode, or in fast mode a reduced one.
    """

    values: NDArray[np.float32]
    hash64: int
    pixels: Pixels


def measure(data: bytes | NDArray[Any], mode: Mode = "exact", *, shorter_side: int = 0) -> Measured:
    """Return all properties of one image, the same to the bit whatever the thread and whatever came before.

    OpenCV would share out each of its steps over all processors; whoever measures images in several threads
    should say ``cv2.setNumThreads(1)`` first.

    Parameters
    ----------
    data
        An encoded file, or an array as `driftwheel.images.decode.decode` takes it.
    mode
        ``exact``: everything from the full decode. ``fast``: a JPEG is decoded at medium scale (see
        `driftwheel.images.views`): at a quarter of its size from 448 pixels on the shorter side, at half from
        224; anything else gives the same as exact mode.
    shorter_side
        In fast mode, the least shorter side of the `pixels` returned, where the image has it: they may take a
        second decode. The values do not depend on it.

    Raises
    ------
    UnreadableImageError
        When the file cannot be decoded; its reason is a phrase fit for counting.

    Examples
    --------
    >>> from driftwheel.images.properties import PROPERTY_NAMES
    >>> grey = measure(np.full((32, 32), 128, dtype=np.uint8))
    >>> float(grey.values[PROPERTY_NAMES.index("brightness")])
    128.0
    """
    scratch = _scratch()
    decoded = decode(data, reduction=_fast_reduction) if mode == "fast" else decode(data)
    views = Views(decoded.header, decoded.pixels, scratch)
    pixels = decoded.pixels
    if views.scale > 1 and min(pixels.shape[:2]) < shorter_side:
        half_is_enough = min(decoded.header.width, decoded.header.height) >= 2 * shorter_side
        pixels = decode(data, reduction=2 if half_is_enough else 1).pixels
    return Measured(measure_views(views), hash64(views), pixels)


def measure_views(views: Views) -> NDArray[np.float32]:
    """Return the (p,) float32 values of every property on the views of one image."""
    return np.array([row.measure(views) for row in PROPERTIES], dtype=np.float32)


def _scratch() -> Scratch:
    """Return this thread's buffers.

    The first time, 30 MiB are asked for and given back untouched. That teaches the C library of Linux to keep
    freed memory of such a size for the next request (its threshold for that moves up with the largest block
    given back, up to 32 MiB): without it the pixels of every image come as fresh pages, and at 1920 × 1080
    faulting those in takes nearly as long as decoding into them.
    """
    scratch: Scratch | None = getattr(_local, "scratch", None)
    if scratch is None:
        np.empty(30 * 2**20, dtype=np.uint8)
        scratch = _local.scratch = Scratch()
    return scratch


def _fast_reduction(header: Header) -> Reduction:
    return medium_reduction(header.width, header.height) if header.format == "jpeg" else 1
