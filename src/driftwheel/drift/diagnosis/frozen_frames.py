"""Frozen frames: whether more images repeat the one before than in the reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.records import Records
from driftwheel.statistics.fisher_exact import fisher_exact

__all__ = ["FrozenFrames", "find_frozen_frames"]

_SAME = 1e-3  # of the reference's deviation: how far a property of a repeated frame may move
_LEAST_SHARE = 0.02
_LEAST_P = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class FrozenFrames:
    """Which images repeat the one before them.

    Attributes
    ----------
    repeats
        (n,) bool, in the order of time, or of names where an image has no time; the row numbers are those of
        the records.
    share
        Of repeats among all images, beyond the reference's, in [0, 1].
    p_value
        Of a share this large by chance (Fisher's exact test, one-sided).
    frozen
        Whether it is both significant and at least 2 % of the images.
    """

    repeats: NDArray[np.bool_]
    share: float
    p_value: float
    frozen: bool


def find_frozen_frames(reference: Records, current: Records) -> FrozenFrames:
    """Compare the share of repeated frames in `current` with that of `reference`.

    An image repeats the one before if every property is the same, within a thousandth of the reference's
    deviation: a stream that hangs hands out the very same pixels, while two photos of a still scene differ
    by their noise.
    """
    finite = np.where(np.isfinite(reference.properties), reference.properties, np.nan)
    with np.errstate(invalid="ignore"):
        spread = np.nan_to_num(np.sqrt(_column_variance(finite)))
    before, after = _repeats(reference, spread), _repeats(current, spread)
    usual = before.sum() / max(1, len(before) - 1)
    share = max(0.0, float(after.mean() - usual)) if len(after) else 0.0
    p_value = fisher_exact(int(after.sum()), len(after), int(before.sum()), len(before))
    return FrozenFrames(after, share, p_value, p_value < _LEAST_P and share >= _LEAST_SHARE)


def _repeats(records: Records, spread: NDArray[np.float64]) -> NDArray[np.bool_]:
    n = len(records)
    skipped = [i for i, name in enumerate(records.property_names) if name == "near_duplicate"]
    values = np.delete(np.nan_to_num(records.properties.astype(np.float64), nan=-1.0), skipped, axis=1)
    scale = np.maximum(np.delete(spread, skipped) * _SAME, 1e-9)
    order = np.arange(n)
    if records.times is not None and not np.isnat(records.times).any():
        order = np.argsort(records.times, kind="stable")
    same = np.all(np.abs(np.diff(values[order], axis=0)) <= scale, axis=1)
    repeats = np.zeros(n, dtype=bool)
    repeats[order[1:]] = same
    return repeats


def _column_variance(values: NDArray[np.floating]) -> NDArray[np.float64]:
    finite = np.isfinite(values)
    count = np.maximum(finite.sum(axis=0), 1)
    filled = np.where(finite, values, 0.0).astype(np.float64)
    mean = filled.sum(axis=0) / count
    return np.asarray((np.where(finite, (filled - mean) ** 2, 0.0)).sum(axis=0) / count)
