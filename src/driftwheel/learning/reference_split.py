"""Split a reference in three: what a network learns from, what tells it to stop, and what it never sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError

__all__ = ["LEAST_IMAGES", "ReferenceSplit", "split_reference"]

LEAST_IMAGES = 100
"""Fewer reference images than this are not split: what is held out would be too few to compare with."""

_MOST_HELD_OUT, _MOST_STOPPING = 5000, 2000
_LEAST_GROUPS = 8


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceSplit:
    """Row numbers of the reference, ascending, each in one part.

    Attributes
    ----------
    fit
        The network learns from these.
    stopping
        The loss on these says when to stop, so they are not quite unseen.
    held_out
        These are only measured, once, when everything is decided: their errors are what an image of the
        reference has that was not learnt by heart.
    """

    fit: NDArray[np.intp]
    stopping: NDArray[np.intp]
    held_out: NDArray[np.intp]


def split_reference(
    n: int, *, rng: np.random.Generator, groups: NDArray[np.intp] | None = None
) -> ReferenceSplit:
    """Split n images: a fifth is held out (at most 5,000), a tenth is for stopping (at most 2,000).

    Parameters
    ----------
    groups
        (n,) numbers: images of one group (a camera and an hour) go to one part together, because an image
        whose neighbour in time was learnt is not unseen. Fewer than 8 groups are passed over; then, and
        without groups, images are drawn singly.

    Raises
    ------
    UsageError
        With fewer than `LEAST_IMAGES` images, or when groups are so large that a part would stay empty.

    Examples
    --------
    >>> parts = split_reference(1000, rng=np.random.default_rng(0))
    >>> len(parts.fit), len(parts.stopping), len(parts.held_out)
    (700, 100, 200)
    """
    if n < LEAST_IMAGES:
        raise UsageError(
            f"An autoencoder needs a reference of at least {LEAST_IMAGES} images, not {n}: some are learnt "
            "from, and others held out to compare with."
        )
    if groups is None or len(np.unique(groups)) < _LEAST_GROUPS:
        groups = np.arange(n)
    numbers, group = np.unique(groups, return_inverse=True)
    rank = np.empty(len(numbers), dtype=np.intp)
    rank[rng.permutation(len(numbers))] = np.arange(len(numbers))
    order = np.argsort(rank[group], kind="stable")  # whole groups in random order
    ends = np.flatnonzero(np.diff(rank[group][order], append=len(numbers))) + 1  # where a group ends
    held_out = _end_near(ends, min(n // 5, _MOST_HELD_OUT))
    stopping = _end_near(ends, held_out + min(n // 10, _MOST_STOPPING))
    parts = np.split(order, [held_out, stopping])
    if min(map(len, parts)) == 0 or len(parts[0]) < LEAST_IMAGES // 5:
        raise UsageError(
            f"The reference of {n} images cannot be split: its largest camera and hour has "
            f"{int(np.bincount(group).max())} of them. Give images from more hours or cameras."
        )
    return ReferenceSplit(*(np.sort(part) for part in (parts[2], parts[1], parts[0])))


def _end_near(ends: NDArray[np.intp], wanted: int) -> int:
    """Return the first end of a group at or after `wanted` images."""
    return int(ends[min(int(np.searchsorted(ends, wanted)), len(ends) - 1)])
