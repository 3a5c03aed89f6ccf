"""From values to places on an axis: linear, logarithmic, or an angle cut open opposite to the mean."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.report.numbers import quantity
from driftwheel.report.property_words import PropertyWords

__all__ = ["Axis", "Tick", "axis_for", "nice_ticks"]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place in [0, 1] along an axis and what is written there."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of one property.

    `low` and `high` are in stretched units: the value itself, its logarithm, or degrees from `centre`.
    """

    words: PropertyWords
    low: float
    high: float
    centre: float = 0.0

    def stretch(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return values in the units in which the property is compared; NaN stays NaN."""
        exact = np.asarray(values, dtype=np.float64)
        if self.words.kind == "circular":
            return (exact - self.centre + 180.0) % 360.0 - 180.0
        if self.words.scale == "log":
            return np.log10(np.maximum(exact, _least(self.words)))
        return exact

    def place(self, stretched: float) -> float:
        """Return where a stretched value lies, 0 at the left end and 1 at the right, never beyond."""
        return min(max((stretched - self.low) / (self.high - self.low), 0.0), 1.0)

    def ticks(self) -> list[Tick]:
        """Return three to six ticks at round numbers."""
        if self.words.kind == "circular":
            return [
                Tick(self.place(offset), quantity(round((self.centre + offset) % 360.0) % 360, "°"))
                for offset in (-120, -60, 0, 60, 120)
            ]
        if self.words.scale == "log":
            values = _log_ticks(self.low, self.high)
            return [Tick(self.place(math.log10(value)), self._label(value)) for value in values]
        return [Tick(self.place(value), self._label(value)) for value in nice_ticks(self.low, self.high)]

    def _label(self, value: float) -> str:
        if self.words.unit == "share":
            return quantity(value * 100, "%")
        return quantity(value, self.words.inline_unit)


def axis_for(words: PropertyWords, reference: NDArray[np.floating], current: NDArray[np.floating]) -> Axis:
    """Return the axis that shows both samples: all but the outermost 0.5 % of each, and a little room."""
    if words.kind == "circular":
        return Axis(words, -180.0, 180.0, _circular_mean(reference))
    free = Axis(words, 0.0, 1.0)
    ends = []
    for values in (reference, current):
        known = free.stretch(values[~np.isnan(values)])
        if known.size:
            ends += [float(q) for q in np.quantile(known, [0.005, 0.995])]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = (high - low) * 0.04 or max(abs(low), 1.0) * 0.05
    low, high = low - room, high + room
    if words.scale == "linear":
        low, high = max(low, words.low), min(high, words.high)
    return Axis(words, low, high) if high > low else Axis(words, low - room, low + room)


def nice_ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Return round numbers (1, 2, 2.5 or 5 times a power of ten apart) within [low, high].

    Examples
    --------
    >>> nice_ticks(0.3, 9.7)
    [2.5, 5.0, 7.5]
    """
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return [low]
    unit = 10 ** math.floor(math.log10(span / about))
    step = min((unit * m for m in (1, 2, 2.5, 5, 10)), key=lambda each: abs(span / each - about))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    """Round numbers between two powers of ten, as many as fit."""
    for steps in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0)):
        values = [
            m * 10.0**k
            for k in range(math.floor(low), math.ceil(high) + 1)
            for m in steps
            if low <= math.log10(m * 10.0**k) <= high
        ]
        if len(values) > 6:
            return values[:: math.ceil(len(values) / 6)]
        if len(values) >= 3:
            return values
    return nice_ticks(10.0**low, 10.0**high)


def _least(words: PropertyWords) -> float:
    return words.low if words.low > 0 and math.isfinite(words.low) else 1e-12


def _circular_mean(degrees: NDArray[np.floating]) -> float:
    known = np.deg2rad(degrees[~np.isnan(degrees)].astype(np.float64))
    if known.size == 0:
        return 180.0
    return float(np.rad2deg(np.arctan2(np.sin(known).mean(), np.cos(known).mean())) % 360.0)
