"""Frozen frame: a stream that hangs and hands out the same image again and again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["frozen_order"]


def frozen_order(count: int, share: float, rng: np.random.Generator, *, spell: int = 10) -> NDArray[np.intp]:
    """Return which of `count` frames arrives at each place when a `share` of them repeat the one before.

    Parameters
    ----------
    count
        Number of frames, in the order of time.
    share
        Of the frames that are repeats, in [0, 1]; the first frame never is, so at most (count − 1) / count
        is reached.
    rng
        Draws where the stream hangs.
    spell
        Mean number of repeats in a row; runs are geometric in length, as of a stream that may recover at
        every frame.

    Returns
    -------
    (count,) row numbers, ascending, with repeats.

    Examples
    --------
    >>> frozen_order(8, 0.5, np.random.default_rng(3), spell=2)
    array([0, 0, 0, 0, 4, 5, 5, 7])
    """
    wanted = min(round(share * count), count - 1)
    repeats = np.zeros(count, dtype=bool)
    while repeats.sum() < wanted:
        start = int(rng.integers(1, count))
        run = min(int(rng.geometric(1 / spell)), wanted - int(repeats.sum()))
        free = np.flatnonzero(~repeats[start:])[:run]
        repeats[start + free] = True
    return np.maximum.accumulate(np.where(repeats, 0, np.arange(count)))
