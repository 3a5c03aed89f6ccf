"""From one image, encoded or as an array, to all its properties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.properties.near_duplicate import hash64
from driftwheel.images.properties.table import PROPERTIES
from driftwheel.images.views import Pixels, Views
from driftwheel.records import Mode

__all__ = ["Measured", "measure", "measure_views"]


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
        (h, w, 3) BGR uint8 for an embedder: the full decode, or in fast mode one whose shorter side has at least the
        `pixels_side` asked for where the image has it.
    """

    values: NDArray[np.float32]
    hash64: int
    pixels: Pixels


def measure_views(views: Views) -> NDArray[np.float32]:
    """Return the (p,) float32 values of every property on the views of one image."""
    return np.array([row.measure(views) for row in PROPERTIES], dtype=np.float32)


def measure(data: bytes | NDArray[Any], mode: Mode = "exact", *, pixels_side: int = 0) -> Measured:
    """Return all properties of one image.

    Parameters
    ----------
    data
        An encoded file, or an array as `driftwheel.images.decode.decode` takes it.
    mode
        ``exact``: everything from one full decode. ``fast``: of a JPEG, grey is decoded at full size without its colour,
        and colour at a fraction of the size; other files are decoded in full, since they cannot be decoded in part.
    pixels_side
        The shorter side that the colour pixels handed on shall have at least, in fast mode.

    Raises
    ------
    UnreadableImageError
        When the file cannot be decoded; its reason is a phrase fit for counting.

    Examples
    --------
    >>> measured = measure(np.full((32, 32, 3), 128, dtype=np.uint8))
    >>> measured.values.dtype, float(measured.values[5])
    (dtype('float32'), 128.0)
    """
    from driftwheel.images.decode import decode

    decoded = decode(data)
    views = Views(decoded.header, decoded.pixels)
    return Measured(measure_views(views), hash64(views), decoded.pixels)
