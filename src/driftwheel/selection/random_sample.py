"""The random sample of a window: some of the holdout, and some images to learn from, by their positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RandomSample", "random_sample"]


@dataclass(frozen=True, slots=True, eq=False)
class RandomSample:
    """Which images are in one part of the sample.

    Attributes
    ----------
    rows
        (n,) bool.
    probability
        The chance that each image of the window had to be in it.
    """

    rows: NDArray[np.bool_]
    probability: float


def random_sample(
    positions: NDArray[np.float64],
    labelled: NDArray[np.bool_],
    *,
    low: float,
    high: float,
    wanted: float,
    most_new: int,
) -> RandomSample:
    """Return the images with the lowest positions in [low, high), labelled or not, about `wanted` of them.

    An image is in the sample if its position is below low + rate. The rate, wanted / (images of the window)
    but at most high − low, is known before any position is looked at. So every image has that chance, each
    for itself, and images that are labelled already count as they are, whatever they were labelled for.

    Parameters
    ----------
    positions, labelled
        (n,); what is not of the window has the position inf.
    wanted
        Images in the sample on average; the number varies by chance, by about its root.
    most_new
        Of those without a label. Where the draw gives more, those with the highest positions are left out,
        and the chance is what is left of the sample out of n.
    """
    n = int((positions < 1).sum())
    rate = min(high - low, max(wanted, 0.0) / n) if n else 0.0
    rows = (positions >= low) & (positions < low + rate)
    new = np.flatnonzero(rows & ~labelled)
    if len(new) <= most_new:
        return RandomSample(rows, rate)
    last = np.sort(positions[new])[most_new]
    rows &= positions < last
    return RandomSample(rows, float(rows.sum()) / n)
