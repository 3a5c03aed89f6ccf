"""How often each value of a property with few values occurs, reference and current."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.report.numbers import quantity
from driftwheel.report.printable import shortened
from driftwheel.report.property_words import PropertyWords

__all__ = ["Level", "level_shares"]

_MOST = 9


@dataclass(frozen=True, slots=True)
class Level:
    """One value: its label, its share in [0, 1] and its count on either side."""

    label: str
    reference: float
    current: float
    n_reference: int
    n_current: int


def level_shares(
    words: PropertyWords,
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    values: NDArray[np.floating],
) -> list[Level]:
    """Return the levels in order of value; beyond nine, the rarest are put together as "other"."""
    counts = np.array([[(before == value).sum(), (after == value).sum()] for value in values])
    totals = np.array([max(1, len(before)), max(1, len(after))])
    kept = np.arange(len(values))
    if len(values) > _MOST:
        kept = np.sort(np.argsort(-(counts / totals).max(axis=1), kind="stable")[: _MOST - 1])
    levels = [_level(_label(words, float(values[i])), counts[i], totals) for i in kept]
    rest = counts.sum(axis=0) - counts[kept].sum(axis=0)
    return [*levels, _level("other", rest, totals)] if rest.any() else levels


def _level(label: str, counts: NDArray[np.int_], totals: NDArray[np.int_]) -> Level:
    shares = counts / totals
    return Level(label, float(shares[0]), float(shares[1]), int(counts[0]), int(counts[1]))


def _label(words: PropertyWords, value: float) -> str:
    if words.kind == "category" and value.is_integer() and 0 <= value < len(words.categories):
        return shortened(words.categories[int(value)], 16)
    return quantity(value, words.unit if words.kind != "category" else "")
