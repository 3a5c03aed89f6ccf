"""Near-duplicates: an image that is the one before it again, as from a frozen camera."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.tiles import tile_means
from driftwheel.images.views import Views

__all__ = ["MOST_BITS_APART", "hash64", "near_duplicate", "near_duplicates"]

MOST_BITS_APART = 2


def hash64(views: Views) -> int:
    """Return the 64-bit difference hash: for 8 × 8 places, whether it gets lighter to the right.

    On the means of a grid of 8 rows and 9 columns; images of fewer pixels at reduced scale are enlarged.

    Source: N. Krawetz, "Kind of like that", hackerfactor.com, 2013 (dHash).
    """
    grey = views.reduced_grey
    if grey.shape[0] >= 8 and grey.shape[1] >= 9:
        tiny = tile_means(views.reduced_sums, 8, 9)
    else:
        tiny = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.float64)
    return int.from_bytes(np.packbits(tiny[:, 1:] > tiny[:, :-1]).tobytes(), "big")


def near_duplicate(_: Views) -> float:
    """Return NaN: one image alone does not tell; `near_duplicates` fills the column in."""
    return float("nan")


def near_duplicates(hashes: NDArray[np.uint64]) -> NDArray[np.float32]:
    """Return (n,) 1 where a hash is within 2 of 64 bits of the one before it, else 0; the first is 0.

    Examples
    --------
    >>> near_duplicates(np.array([0, 3, 255], dtype=np.uint64))
    array([0., 1., 0.], dtype=float32)
    """
    apart = np.bitwise_count(hashes[1:] ^ hashes[:-1])
    return np.concatenate((np.zeros(min(1, hashes.size)), apart <= MOST_BITS_APART)).astype(np.float32)
