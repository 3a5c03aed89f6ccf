"""The summary of one property over many images: counts, histogram, range, exact sums; it merges.

Merge law: counts, histogram and sums add, the range widens. All of it is integer addition or minimum and
maximum, hence exactly associative and commutative; the summary of no values is the empty element.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import IncomparableError
from driftwheel.profiles.exact_sum import SQUARE_UNITS, UNITS, exact_square_sums, exact_sums
from driftwheel.profiles.property_definition import PropertyDefinition

__all__ = [
    "PropertySummary",
    "check_same_definition",
    "empty_summary",
    "mean",
    "merge_summaries",
    "resultant_length",
    "standard_deviation",
    "summarise",
    "variance",
]


@dataclass(frozen=True, slots=True, eq=False)
class PropertySummary:
    """One property of many images.

    Attributes
    ----------
    definition
        What the property is and where its histogram's edges lie.
    count, missing
        Images where the property is defined, and where it is not.
    counts
        (bins,) int64 histogram, adding up to `count`; for a category one count a category.
    minimum, maximum
        Of a number, as float32 exactly; NaN for other kinds and when `count` is 0.
    total, total_of_squares
        Of a number: exact sums in units of 2⁻¹⁴⁹ and 2⁻²⁹⁸; 0 for other kinds.
    total_cosine, total_sine
        Of a circular property: exact sums of the float32 cosine and sine, in units of 2⁻¹⁴⁹; 0 for other
        kinds.
    """

    definition: PropertyDefinition
    count: int
    missing: int
    counts: NDArray[np.int64]
    minimum: float = math.nan
    maximum: float = math.nan
    total: int = 0
    total_of_squares: int = 0
    total_cosine: int = 0
    total_sine: int = 0

    @property
    def name(self) -> str:
        """The property's name."""
        return self.definition.name


def empty_summary(definition: PropertyDefinition) -> PropertySummary:
    """Return the summary of no images: the empty element of `merge_summaries`."""
    return PropertySummary(definition, 0, 0, np.zeros(definition.bins, np.int64))


def summarise(
    definitions: Sequence[PropertyDefinition], values: NDArray[np.float32]
) -> tuple[PropertySummary, ...]:
    """Summarise (n, p) float32 values, one column a definition.

    NaN, infinities, and a category's value that names no category count as missing.

    Examples
    --------
    >>> brightness = PropertyDefinition("brightness", "brightness", "", "number", 0.0, 1.0, 4, "linear")
    >>> (summary,) = summarise([brightness], np.array([[0.1], [0.6], [np.nan]], np.float32))
    >>> summary.counts, summary.missing, round(mean(summary), 6)
    (array([1, 0, 1, 0]), 1, 0.35)
    """
    numbers = [i for i, d in enumerate(definitions) if d.kind == "number"]
    circles = [i for i, d in enumerate(definitions) if d.kind == "circular"]
    totals = dict(zip(numbers, exact_sums(values[:, numbers]), strict=True))
    squares = dict(zip(numbers, exact_square_sums(values[:, numbers]), strict=True))
    turns = np.column_stack(
        [_radians(definitions[i], values[:, i]) for i in circles] or [values[:, :0].astype(np.float64)]
    )
    cosines = dict(zip(circles, exact_sums(np.cos(turns).astype(np.float32)), strict=True))
    sines = dict(zip(circles, exact_sums(np.sin(turns).astype(np.float32)), strict=True))
    summaries = []
    for i, definition in enumerate(definitions):
        column = values[:, i]
        counts = _histogram(definition, column)
        count = int(counts.sum())
        ranged = definition.kind == "number" and count > 0
        finite = column[np.isfinite(column)] if ranged else column[:0]
        summaries.append(
            PropertySummary(
                definition,
                count,
                len(column) - count,
                counts,
                float(finite.min()) + 0.0
                if ranged
                else math.nan,  # + 0.0 turns −0 into 0: one zero in a file
                float(finite.max()) + 0.0 if ranged else math.nan,
                totals.get(i, 0),
                squares.get(i, 0),
                cosines.get(i, 0),
                sines.get(i, 0),
            )
        )
    return tuple(summaries)


def check_same_definition(one: PropertySummary, other: PropertySummary) -> None:
    """Raise `IncomparableError` unless both have the same bins and meaning."""
    if one.definition is not other.definition and one.definition != other.definition:
        raise IncomparableError(
            f"The property '{one.name}' was summarised with different bins or another meaning "
            f"({one.definition} and {other.definition}). Profile the images again with one release."
        )


def merge_summaries(one: PropertySummary, other: PropertySummary) -> PropertySummary:
    """Return the summary of the images of both; raise `IncomparableError` when their definitions differ."""
    check_same_definition(one, other)
    return PropertySummary(
        one.definition,
        one.count + other.count,
        one.missing + other.missing,
        one.counts + other.counts,
        float(np.fmin(one.minimum, other.minimum)),
        float(np.fmax(one.maximum, other.maximum)),
        one.total + other.total,
        one.total_of_squares + other.total_of_squares,
        one.total_cosine + other.total_cosine,
        one.total_sine + other.total_sine,
    )


def mean(summary: PropertySummary) -> float:
    """Return the mean, correctly rounded; of a circular property the mean direction in [low, high).

    NaN without values, for a category, and for angles whose directions cancel exactly.
    """
    if summary.count == 0 or summary.definition.kind == "category":
        return math.nan
    if summary.definition.kind == "circular":
        if summary.total_cosine == 0 and summary.total_sine == 0:
            return math.nan
        turn = math.atan2(summary.total_sine / UNITS, summary.total_cosine / UNITS) / (2 * math.pi) % 1.0
        return summary.definition.low + turn * (summary.definition.high - summary.definition.low)
    return summary.total / (summary.count * UNITS)


def variance(summary: PropertySummary) -> float:
    """Return the population variance, correctly rounded; NaN without values or for another kind."""
    if summary.count == 0 or summary.definition.kind != "number":
        return math.nan
    n = summary.count
    return (n * summary.total_of_squares - summary.total**2) / (n * n * SQUARE_UNITS)


def standard_deviation(summary: PropertySummary) -> float:
    """Return the spread σ in the property's unit; NaN for a category and without values.

    For a number the population standard deviation; for an angle the circular one, √(−2 ln R) turned into the
    property's unit, with R from `resultant_length` and at most the σ of a uniform angle, (high − low)/√12.
    """
    if summary.definition.kind == "number":
        return math.sqrt(variance(summary)) if summary.count else math.nan
    if summary.definition.kind == "category" or summary.count == 0:
        return math.nan
    circle = summary.definition.high - summary.definition.low
    length = resultant_length(summary)
    spread = math.sqrt(-2.0 * math.log(length)) / (2 * math.pi) * circle if length > 0 else math.inf
    return min(spread, circle / math.sqrt(12.0))


def resultant_length(summary: PropertySummary) -> float:
    """Return how closely angles agree, in [0, 1]: 1 when all are equal, 0 when they cancel; or NaN."""
    if summary.count == 0 or summary.definition.kind != "circular":
        return math.nan
    length = math.hypot(summary.total_cosine / UNITS, summary.total_sine / UNITS) / summary.count
    return min(1.0, length)


def _radians(definition: PropertyDefinition, column: NDArray[np.float32]) -> NDArray[np.float64]:
    turns = (column.astype(np.float64) - definition.low) / (definition.high - definition.low)
    return np.where(np.isfinite(column), turns * (2 * np.pi), np.nan)


def _histogram(definition: PropertyDefinition, column: NDArray[np.float32]) -> NDArray[np.int64]:
    finite = column[np.isfinite(column)].astype(np.float64)
    if definition.kind == "category":
        codes = np.rint(finite)
        named = codes[(codes >= 0) & (codes < definition.bins) & (codes == finite)].astype(np.intp)
        return np.bincount(named, minlength=definition.bins).astype(np.int64)
    if definition.kind == "circular":
        circle = definition.high - definition.low
        finite = definition.low + np.mod(finite - definition.low, circle)
    index = np.searchsorted(definition.edges(), finite, side="right") - 1
    clipped = np.clip(index, 0, definition.bins - 1)
    return np.bincount(clipped, minlength=definition.bins).astype(np.int64)
