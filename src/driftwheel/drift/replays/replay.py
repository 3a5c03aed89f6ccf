"""Replayed reference windows: how much the reference differs from itself at the size of the current window.

The threshold an effect must pass is read off windows drawn from the reference alone. Where times or tags
are known the draw takes whole blocks (one camera, one hour), so that the ups and downs of a day count as
the reference's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import ndtri

from driftwheel.records import Records

__all__ = [
    "LEAST_BLOCKS",
    "Replays",
    "blocks_of",
    "effect_threshold",
    "kolmogorov_smirnov_replays",
    "mix_replays",
    "replay_spans",
    "replay_weights",
    "spans_of",
    "wasserstein_replays",
    "without_noise",
]

LEAST_BLOCKS = 8
"""With fewer blocks than this their variation cannot be told from chance, and images are replayed singly."""

_LEAST_OF_SPAN = 5  # images; with fewer a span's own ups and downs are lost in those of single images
_SPANS = tuple(np.timedelta64(hours, "h") for hours in (1, 24, 168))
_MONDAY = np.datetime64("1970-01-05", "us")

_DRAWN = 1 << 18  # images drawn at a time, so that of large references no more than the weights is held
_CELLS = 1024  # neighbouring values that replays see as one, in a column of more values
_TAIL = 128  # values at either end that stay on their own
_NONE = np.float32(1e-12)  # stands in for a weight of 0 where it is divided by


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


def spans_of(reference: Records, current: Records) -> NDArray[np.intp] | None:
    """Return (n,) which hour, day or week each record of the reference lies in, whichever `current` fills.

    What one such span differs by from the next counts as the reference's own, whatever goes together in it:
    a camera for an hour, all cameras for a day. None where times are not known, with fewer than
    `LEAST_BLOCKS` spans, or with fewer than five images in one on average.
    """
    if reference.times is None or current.times is None or np.isnat(reference.times).any():
        return None
    known = current.times[~np.isnat(current.times)]
    if not len(known) or not len(reference):
        return None
    length = next((one for one in _SPANS if known.max() - known.min() <= one), None)
    if length is None:
        return None
    spans = np.unique((reference.times - _MONDAY) // length, return_inverse=True)[1].reshape(-1)
    count = int(spans.max()) + 1
    return spans.astype(np.intp) if LEAST_BLOCKS <= count <= len(reference) / _LEAST_OF_SPAN else None


def replay_spans(
    spans: NDArray[np.intp], replays: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], float]:
    """Return (replays, n) weights, a row one whole span drawn at random, sum 1, and how many images it has.

    That is the harmonic mean over the rows: so many images have the noise that they have on average.

    Examples
    --------
    >>> weights, images = replay_spans(np.array([0, 0, 1, 1, 1]), 50, np.random.default_rng(0))
    >>> sorted({int((row > 0).sum()) for row in weights}), 2 < images < 3
    ([2, 3], True)
    """
    sizes = np.bincount(spans)
    drawn = rng.integers(len(sizes), size=replays)
    weights = (spans == drawn[:, None]).astype(np.float32)
    weights /= sizes[drawn][:, None].astype(np.float32)
    return weights, float(1.0 / np.mean(1.0 / sizes[drawn]))


def without_noise(
    replayed: NDArray[np.float64], plain: NDArray[np.float64], excess: float
) -> NDArray[np.float64]:
    """Return replayed distances, scaled to what windows with more images than the replayed spans would have.

    The mean square of a distance has two parts: what spans differ by, and the noise of single images, which
    goes with one over their number.

    Parameters
    ----------
    replayed, plain
        Distances of replayed spans, and of windows of the current size drawn image by image.
    excess
        The noise of the spans over that of the windows.

    Examples
    --------
    >>> without_noise(np.array([5.0]), np.array([2.0]), 5.0)  # 25 = 5 × 2² + 5, and so 2² + 5 = 9
    array([3.])
    """
    have, noise = float(np.mean(np.square(replayed))), float(np.mean(np.square(plain)))
    if have <= 0.0 or excess <= 1.0:
        return replayed
    return np.asarray(replayed * np.sqrt(max(have - (excess - 1.0) * noise, noise) / have))


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
        weights = np.empty((replays, n), np.float32)
        together = max(1, _DRAWN // max(n, size))
        for first in range(0, replays, together):
            rows = weights[first : first + together]
            draws = rng.integers(n, size=(len(rows), size)) + np.arange(0, rows.size, n)[:, None]
            rows[:] = np.bincount(draws.ravel(), minlength=rows.size).reshape(rows.shape) / np.float32(size)
        return weights
    block_sizes = np.bincount(blocks)
    draws = rng.integers(len(block_sizes), size=(replays, int(np.ceil(size / block_sizes.min())) + 1))
    drawn = np.cumsum(block_sizes[draws], axis=1)
    weights = np.zeros((replays, n), np.float32)
    for row in range(replays):
        taken = draws[row, : int(np.searchsorted(drawn[row], size)) + 1]
        weights[row] = np.bincount(taken, minlength=len(block_sizes))[blocks]
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class Replays:
    """Windows replayed from the reference, each beside a replayed reference.

    Attributes
    ----------
    windows, references
        (r, n) float32 weights as from `replay_weights`.
    moved
        (n, r) float32: `windows` − `references`, an image a row.
    """

    windows: NDArray[np.float32]
    references: NDArray[np.float32]
    moved: NDArray[np.float32]

    @classmethod
    def of(cls, windows: NDArray[np.float32], references: NDArray[np.float32]) -> Replays:
        """Pair the windows with the references, row by row."""
        return cls(windows, references, np.ascontiguousarray((windows - references).T))

    def __len__(self) -> int:
        return len(self.windows)

    def difference(self, order: NDArray[np.intp], starts: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return (cells, r): the window's weight minus the reference's in cells of the images in `order`.

        Cell i holds ``order[starts[i]:starts[i + 1]]``. Where `order` leaves images out the weights of the
        others are scaled up to sum to one on either side; a pair of which one side has none left gives way to
        one that has, and where no pair has, all are 0.
        """
        bounds = np.append(starts, len(order))
        cells = csr_array(
            (np.ones(len(order), np.float32), order, bounds), shape=(len(starts), len(self.moved))
        )
        if len(order) == len(self.moved):
            return np.asarray(cells @ self.moved)
        left, right = (np.asarray(cells @ weights.T) for weights in (self.windows, self.references))
        some = (left.sum(axis=0) > 0) & (right.sum(axis=0) > 0)
        if not some.any():
            return np.zeros_like(left)
        pairs = np.where(some, np.arange(len(self)), np.resize(np.flatnonzero(some), len(self)))
        left, right = (shares / shares.sum(axis=0).clip(min=_NONE) for shares in (left, right))
        return np.asarray((left - right)[:, pairs])


def wasserstein_replays(column: NDArray[np.floating], replays: Replays) -> NDArray[np.float64]:
    """Return the (replays,) Wasserstein-1 distances between each window and its reference, in one column.

    Parameters
    ----------
    column
        (n,) values; NaN rows take no part and the others' weights are scaled up. Of more than 1,024 values
        neighbours count as one, save for the 128 at either end.
    """
    defined = np.flatnonzero(~np.isnan(column))
    if len(defined) < 2:
        return np.zeros(len(replays))
    order = defined[np.argsort(column[defined], kind="stable")]
    starts = _cells(len(order))
    sizes = np.diff(starts, append=len(order))
    values = np.add.reduceat(column[order].astype(np.float64), starts) / sizes
    difference = replays.difference(order, starts)
    np.cumsum(difference, axis=0, out=difference)
    np.abs(difference, out=difference)
    return np.asarray(np.diff(values).astype(np.float32) @ difference[:-1], dtype=np.float64)


def kolmogorov_smirnov_replays(column: NDArray[np.floating], replays: Replays) -> NDArray[np.float64]:
    """Return the (replays,) Kolmogorov-Smirnov statistics between each window and its reference.

    As `wasserstein_replays`, and between neighbours that count as one nothing is looked at.
    """
    defined = np.flatnonzero(~np.isnan(column))
    if len(defined) < 2:
        return np.zeros(len(replays))
    order = defined[np.argsort(column[defined], kind="stable")]
    ascending = column[order]
    firsts = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))
    starts = firsts if len(firsts) <= _CELLS else firsts[_cells(len(firsts))]
    difference = replays.difference(order, starts)
    np.cumsum(difference, axis=0, out=difference)
    return np.asarray(np.abs(difference, out=difference).max(axis=0), dtype=np.float64)


def mix_replays(levels: NDArray[np.intp], replays: Replays) -> NDArray[np.float64]:
    """Return the (replays,) total variation distances between the mixes of each window and its reference.

    Parameters
    ----------
    levels
        (n,) what each image counts as, from 0 on; those below 0 take no part.
    """
    rows = np.flatnonzero(levels >= 0)
    order = rows[np.argsort(levels[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(levels[order], prepend=-1))
    return np.asarray(0.5 * np.abs(replays.difference(order, starts)).sum(axis=0), dtype=np.float64)


def _cells(count: int) -> NDArray[np.intp]:
    """Return where each of at most `_CELLS` groups of `count` sorted values begins."""
    if count <= _CELLS:
        return np.arange(count)
    middle = np.linspace(_TAIL, count - _TAIL, _CELLS - 2 * _TAIL, endpoint=False)
    return np.concatenate([np.arange(_TAIL), middle.astype(np.intp), np.arange(count - _TAIL, count)])


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
