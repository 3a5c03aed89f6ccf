"""The range of every property in a reference, to see one image's values beside."""

from __future__ import annotations

import math
from dataclasses import dataclass

from driftwheel.profiles.profile import Profile
from driftwheel.profiles.property_definition import PropertyDefinition
from driftwheel.profiles.property_summary import PropertySummary
from driftwheel.profiles.quantile import quantile

__all__ = ["PropertyRange", "property_range", "reference_ranges"]

_OUTER = (0.005, 0.995)


@dataclass(frozen=True, slots=True)
class PropertyRange:
    """What is usual of one property in a reference.

    Attributes
    ----------
    definition
        The property. A number is compared as it is or, on a log scale, by its logarithm; an angle by its
        distance from the mean direction.
    n
        Images of the reference where the property is defined.
    low, high
        Ends of the middle 99 %, in the property's unit.
    quarter, median, three_quarters
        The quartiles.
    common
        Of a category: its values with their shares of the reference, most frequent first; else empty.
    """

    definition: PropertyDefinition
    n: int
    low: float
    high: float
    quarter: float
    median: float
    three_quarters: float
    common: tuple[tuple[str, float], ...] = ()

    def stretch(self, value: float) -> float:
        """Return a value in the units in which the property is drawn."""
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
        return not self.low <= value <= self.high


def reference_ranges(profile: Profile) -> dict[str, PropertyRange]:
    """Return the range of each property of a reference's profile that is not circular, by name.

    Angles have no order and so no quantiles; they are left out.
    """
    return {
        summary.name: property_range(summary)
        for summary in profile.properties
        if summary.definition.kind != "circular"
    }


def property_range(summary: PropertySummary) -> PropertyRange:
    """Return the range of one number or category; quantiles err by at most a bin of the histogram.

    Values of an end bin reach to the exact minimum and maximum, so that nothing of a reference with few
    different values is called unusual.
    """
    definition = summary.definition
    if definition.kind == "category":
        pairs = zip(definition.categories, (int(each) for each in summary.counts), strict=True)
        common = sorted(((name, n / summary.count) for name, n in pairs if n), key=lambda pair: -pair[1])
        nan = math.nan
        return PropertyRange(definition, summary.count, nan, nan, nan, nan, nan, tuple(common))
    low, quarter, median, three, high = (
        quantile(summary, each) for each in (_OUTER[0], 0.25, 0.5, 0.75, _OUTER[1])
    )
    # The quantile may err by its bound: what is called unusual errs to the safe side.
    bottom = max(low.value - low.error_bound, summary.minimum) if summary.count else math.nan
    top = min(high.value + high.error_bound, summary.maximum) if summary.count else math.nan
    return PropertyRange(definition, summary.count, bottom, top, quarter.value, median.value, three.value)
