"""Replayed reference windows: how much the reference differs from itself at the size of the current window.

The threshold an effect must pass is read off windows drawn from the reference alone. Where times or tags
are known the draw takes whole blocks (one camera, one hour), so that the ups and downs of a day count as
the reference's own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from driftwheel.records import Records

__all__ = ["LEAST_BLOCKS", "blocks_of", "effect_threshold", "replay_weights", "wasserstein_replays"]

LEAST_BLOCKS = 8
"""With fewer blocks than this their variation cannot be told from chance, and images are replayed singly."""

_BLOCK = 1 << 18  # weights looked at together: what stays in cache


def blocks_of(records: Records) -> NDArray[np.intp] | None:
    """Return (n,) block numbers, one block a combination of tags and hour.

    None where there are fewer than `LEAST_BLOCKS`. Records without a time are grouped by their tags alone.
    """
    if len(records) == 0 or (records.times is None and not records.tags):
        return None
    columns: list[NDArray[np.intp]] = []
    if records.times is not None:
        hours = records.times.astype("datetime64[h]").astype(np.int64)
        columns.append(np.unique(hours, return_inverse=True)[1].astype(np.intp))
    for values in records.tags.values():
        names = np.array(["" if value is None else value for value in values])
        columns.append(np.unique(names, return_inverse=True)[1].astype(np.intp))
    blocks = np.unique(np.column_stack(columns), axis=0, return_inverse=True)[1].reshape(-1)
    count = int(blocks.max()) + 1
    return blocks.astype(np.intp) if LEAST_BLOCKS <= count < len(records) else None


def replay_weights(
    n: int, size: int, replays: int, rng: np.random.Generator, blocks: NDArray[np.intp] | None = None
) -> NDArray[np.float32]:
    """Return (replays, n) weights, a row a window of about `size` records drawn with replacement, sum 1.

    With `blocks`, whole blocks are drawn until the window holds at least `size` records.

    Examples
    --------
    >>> replay_weights(5, 3, 2, np.random.default_rng(0)).sum(axis=1)
    array([1., 1.], dtype=float32)
    """
    if blocks is None:
        counts = rng.multinomial(size, np.full(n, 1.0 / n), size=replays)
        return (counts / size).astype(np.float32)
    block_sizes = np.bincount(blocks)
    draws = rng.integers(len(block_sizes), size=(replays, int(np.ceil(size / block_sizes.min())) + 1))
    drawn = np.cumsum(block_sizes[draws], axis=1)
    weights = np.zeros((replays, n), np.float32)
    for row in range(replays):
        taken = draws[row, : int(np.searchsorted(drawn[row], size)) + 1]
        weights[row] = np.bincount(taken, minlength=len(block_sizes))[blocks]
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def wasserstein_replays(
    column: NDArray[np.floating], left: NDArray[np.float32], right: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return the (replays,) Wasserstein-1 distances between pairs of reweighted copies of one column.

    Parameters
    ----------
    column
        (n,) values; NaN rows take no part and the others' weights are scaled up.
    left, right
        (replays, n) weights as from `replay_weights`.
    """
    defined = np.flatnonzero(~np.isnan(column))
    if len(defined) < 2:
        return np.zeros(len(left))
    order = defined[np.argsort(column[defined], kind="stable")]
    gaps = np.diff(column[order]).astype(np.float32)
    distances = np.empty(len(left))
    block = max(1, _BLOCK // len(order))
    for start in range(0, len(left), block):
        rows = slice(start, start + block)
        difference = _shares(left[rows, order]) - _shares(right[rows, order])
        np.cumsum(difference, axis=1, out=difference)
        distances[rows] = np.abs(difference[:, :-1], out=difference[:, :-1]) @ gaps
    return distances


def _shares(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), np.float32(1e-12)))


def effect_threshold(replayed: NDArray[np.floating], chance: float, floor: float) -> float:
    """Return the effect that replayed reference windows pass with probability `chance`, and at least `floor`.

    The tail is that of a log-normal fitted to the replays: distances are positive and skewed, and the log-
    normal errs to the high side against their half-normal tail. Meant for 100 replays or more.

    Examples
    --------
    >>> replays = np.exp(np.random.default_rng(0).normal(-2.0, 0.3, 500))
    >>> round(effect_threshold(replays, chance=0.0027, floor=0.1), 1)
    0.3
    """
    logs = np.log(np.maximum(replayed, floor / 3))  # what lies far below the floor shall not widen the fit
    high = float(np.exp(logs.mean() + ndtri(1.0 - chance) * logs.std(ddof=1)))
    return max(floor, high)
