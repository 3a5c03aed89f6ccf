"""Quantiles from a histogram, each with the bound of its error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from driftwheel.errors import UsageError
from driftwheel.profiles.property_summary import PropertySummary

__all__ = ["Quantile", "largest_bin_mass", "quantile"]


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile read off a histogram.

    `value` is in the property's unit; the sample's own quantile (the smallest value with at least a share
    `share` of the values at or below it) lies within `error_bound` of it.
    """

    share: float
    value: float
    error_bound: float


def quantile(summary: PropertySummary, share: float) -> Quantile:
    """Return the `share` quantile of a number, interpolated in its bin; it errs by at most the bin's width.

    The end bins, which also hold what lies outside the range, end at the exact minimum and maximum, so shares
    0 and 1 are exact. NaN without values.

    Raises
    ------
    UsageError
        For a share outside [0, 1], or a property that has no order (an angle, a category).

    Examples
    --------
    >>> from driftwheel.profiles.property_definition import PropertyDefinition
    >>> from driftwheel.profiles.property_summary import summarise
    >>> ramp = PropertyDefinition("ramp", "ramp", "", "number", 0.0, 100.0, 50, "linear")
    >>> (summary,) = summarise([ramp], np.arange(100, dtype=np.float32)[:, None])
    >>> quantile(summary, 0.5)
    Quantile(share=0.5, value=50.0, error_bound=2.0)
    """
    if not 0.0 <= share <= 1.0:
        raise UsageError(
            f"A quantile's share is {share}; give a number from 0 to 1, for example 0.5 for the median."
        )
    if summary.definition.kind != "number":
        raise UsageError(
            f"The property '{summary.name}' has no quantiles: it is {summary.definition.kind}, not a number."
        )
    if summary.count == 0:
        return Quantile(share, math.nan, math.nan)
    if share in (0.0, 1.0):
        return Quantile(share, summary.maximum if share else summary.minimum, 0.0)
    rank = max(1, math.ceil(share * summary.count))
    cumulative = np.cumsum(summary.counts)
    index = int(np.searchsorted(cumulative, rank))
    edges = summary.definition.edges()
    low = summary.minimum if index == 0 else max(float(edges[index]), summary.minimum)
    last = index == summary.definition.bins - 1
    high = summary.maximum if last else min(float(edges[index + 1]), summary.maximum)
    within = (rank - (int(cumulative[index]) - int(summary.counts[index]))) / int(summary.counts[index])
    return Quantile(share, low + (high - low) * within, high - low)


def largest_bin_mass(summary: PropertySummary) -> float:
    """Return the share of the values in the fullest bin; NaN without values.

    No share of values below a threshold, and so no KS statistic, that is read off the histogram errs by more.
    """
    return float(summary.counts.max()) / summary.count if summary.count else math.nan
