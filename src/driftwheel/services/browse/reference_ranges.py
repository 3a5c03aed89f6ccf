"""The range of every property in a reference, to see one image's values beside."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from driftwheel.profiles.profile import Profile
from driftwheel.profiles.property_definition import PropertyDefinition
from driftwheel.profiles.property_summary import PropertySummary, mean
from driftwheel.profiles.quantile import Quantile, quantile

__all__ = ["PropertyRange", "property_range", "reference_ranges"]

_OUTER = (0.005, 0.995)


@dataclass(frozen=True, slots=True)
class PropertyRange:
    """What is usual of one property in a reference.

    Attributes
    ----------
    definition
        The property. A number is compared as it is or, on a log scale, by its logarithm; an angle by its
        distance from the mean direction, to either side.
    n
        Images of the reference where the property is defined.
    low, high
        Ends of the middle 99 %, in the property's unit; of an angle up to half a circle from `centre`, so
        that they may lie below 0° or above 360°.
    quarter, median, three_quarters
        The quartiles, likewise.
    common
        Of a category: its values with their shares of the reference, most frequent first; else empty.
    centre
        Of an angle: the mean direction, to a bin of the histogram; else NaN.
    """

    definition: PropertyDefinition
    n: int
    low: float
    high: float
    quarter: float
    median: float
    three_quarters: float
    common: tuple[tuple[str, float], ...] = ()
    centre: float = math.nan

    def stretch(self, value: float) -> float:
        """Return a value in the units in which the property is drawn; an angle on its way from `centre`."""
        if self.definition.kind == "circular":
            circle = self.definition.high - self.definition.low
            return self.centre + (value - self.centre + circle / 2) % circle - circle / 2
        if self.definition.scale == "log":
            return math.log10(max(value, self.definition.low))
        return value

    def outside(self, value: float) -> bool:
        """Whether a value lies outside the middle 99 %, or is a category of less than 0.5 %."""
        if self.n == 0 or math.isnan(value):
            return False
        if self.definition.kind == "category":
            usual = {name for name, part in self.common if part >= _OUTER[0]}
            at = round(value)
            return not (0 <= at < len(self.definition.categories) and self.definition.categories[at] in usual)
        if self.definition.kind == "circular":
            value = self.stretch(value)
        return not self.low <= value <= self.high


def reference_ranges(profile: Profile) -> dict[str, PropertyRange]:
    """Return the range of each property of a reference's profile, by name."""
    return {summary.name: property_range(summary) for summary in profile.properties}


def property_range(summary: PropertySummary) -> PropertyRange:
    """Return the range of one property; quantiles err by at most a bin of the histogram.

    Values of an end bin reach to the exact minimum and maximum, so that nothing of a reference with few
    different values is called unusual.
    """
    definition = summary.definition
    if definition.kind == "category":
        pairs = zip(definition.categories, (int(each) for each in summary.counts), strict=True)
        common = sorted(((name, n / summary.count) for name, n in pairs if n), key=lambda pair: -pair[1])
        nan = math.nan
        return PropertyRange(definition, summary.count, nan, nan, nan, nan, nan, tuple(common))
    if definition.kind == "circular":
        return _circular_range(summary)
    low, quarter, median, three, high = (
        quantile(summary, each) for each in (_OUTER[0], 0.25, 0.5, 0.75, _OUTER[1])
    )
    bottom = max(low.value - _reach(low), summary.minimum) if summary.count else math.nan
    top = min(high.value + _reach(high), summary.maximum) if summary.count else math.nan
    return PropertyRange(definition, summary.count, bottom, top, quarter.value, median.value, three.value)


def _reach(end: Quantile) -> float:
    """How far the quantile may lie away, rounding too: what is called unusual errs to the safe side."""
    return end.error_bound + 4 * math.ulp(max(abs(end.value), end.error_bound))


def _circular_range(summary: PropertySummary) -> PropertyRange:
    """Return the range of an angle: quantiles of its way from the mean direction, widened by a bin."""
    definition, nan = summary.definition, math.nan
    if summary.count == 0:
        return PropertyRange(definition, 0, nan, nan, nan, nan, nan)
    circle = definition.high - definition.low
    width = circle / definition.bins
    direction = mean(summary)
    steps = definition.bins // 2 if math.isnan(direction) else round((direction - definition.low) / width)
    centre = definition.low + steps * width  # so that no bin lies across the end of the way
    edges = definition.low + width * np.arange(definition.bins)
    away = (edges + width / 2 - centre + circle / 2) % circle - circle / 2  # of the middle of each bin
    order = np.argsort(away, kind="stable")
    shares = np.cumsum(summary.counts[order]) / summary.count

    def at(share: float) -> float:
        return centre + float(away[order][min(int(np.searchsorted(shares, share)), definition.bins - 1)])

    low, high = at(_OUTER[0]) - width, at(_OUTER[1]) + width
    return PropertyRange(
        definition,
        summary.count,
        max(low, centre - circle / 2),
        min(high, centre + circle / 2),
        at(0.25),
        at(0.5),
        at(0.75),
        centre=centre,
    )
