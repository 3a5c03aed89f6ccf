"""Replayed reference windows from summaries, made of whole blocks (a camera, an hour) where there are any."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["draw_blocks", "replay_counts"]


def draw_blocks(
    sizes: NDArray[np.int64], size: int, replays: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return (replays, s) how often each of s blocks is drawn, with replacement, to reach `size` images.

    Parameters
    ----------
    sizes
        (s,) images in each block, each at least 1.
    size
        Images in the window, at least 1.

    Examples
    --------
    >>> sizes = np.array([10, 30])
    >>> drawn = draw_blocks(sizes, 35, 3, np.random.default_rng(0))
    >>> bool(np.all(drawn @ sizes >= 35)), bool(np.all(drawn @ sizes < 35 + 30))
    (True, True)
    """
    times = np.zeros((replays, len(sizes)), np.int64)
    reached = np.zeros(replays, np.int64)
    while len(short := np.flatnonzero(reached < size)):
        drawn = rng.integers(len(sizes), size=len(short))
        times[short, drawn] += 1
        reached[short] += sizes[drawn]
    return times


def replay_counts(
    counts: NDArray[np.int64],
    size: int,
    replays: int,
    rng: np.random.Generator,
    blocks: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> NDArray[np.int64]:
    """Return (replays, b) histograms of windows of `size` values drawn from a reference histogram.

    Parameters
    ----------
    counts
        (b,) the reference's histogram, not empty.
    blocks
        The histograms of the reference's blocks, (s, b), adding up to `counts`, and how often each replay
        draws each block, (replays, s) from `draw_blocks`. What a replay draws is thinned to `size` values
        without replacement; without `blocks`, values are drawn singly.
    """
    if blocks is None:
        return rng.multinomial(size, counts / counts.sum(), size=replays)
    histograms, times = blocks
    pooled = times @ histograms
    windows = np.empty_like(pooled)
    for replay, drawn in enumerate(pooled):
        enough = int(drawn.sum()) >= size
        if enough:
            windows[replay] = rng.multivariate_hypergeometric(drawn, size, method="marginals")
        else:  # a property that some of the drawn blocks lack
            windows[replay] = drawn if drawn.any() else rng.multinomial(size, counts / counts.sum())
    return windows
