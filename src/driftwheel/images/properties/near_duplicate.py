"""Near-duplicates: an image that is the one before it again, as from a frozen camera."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.views import Views

__all__ = ["MOST_BITS_APART", "hash64", "near_duplicate", "near_duplicates"]

MOST_BITS_APART = 2
WEIGHTS = np.left_shift(np.uint64(1), np.arange(64, dtype=np.uint64))


def hash64(views: Views) -> int:
    """Return the 64-bit difference hash: is each of 8 × 8 places of the reduced grey image lighter than its left neighbour?

    Source: N. Krawetz, "Kind of like that", hackerfactor.com, 2013 (dHash).
    """
    tiny = cv2.resize(views.reduced_grey, (9, 8), interpolation=cv2.INTER_AREA)
    return int(WEIGHTS[(tiny[:, 1:] > tiny[:, :-1]).ravel()].sum())


def near_duplicate(_: Views) -> float:
    """Return NaN: one image alone does not tell; `near_duplicates` fills the column in."""
    return float("nan")


def near_duplicates(hashes: NDArray[np.uint64]) -> NDArray[np.float32]:
    """Return (n,) 1 where an image's hash is within 2 of 64 bits of that of the image before it, else 0; the first is 0.

    Examples
    --------
    >>> near_duplicates(np.array([0, 3, 255], dtype=np.uint64))
    array([0., 1., 0.], dtype=float32)
    """
    apart = np.bitwise_count(hashes[1:] ^ hashes[:-1])
    return np.concatenate((np.zeros(min(1, hashes.size)), apart <= MOST_BITS_APART)).astype(np.float32)
