"""Every property of one image beside its range in the reference, as rows of a table."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from driftwheel.report.numbers import quantity, share
from driftwheel.report.property_words import PropertyWords, property_words
from driftwheel.services.browse.describe_image import ImageDescription
from driftwheel.services.browse.reference_ranges import PropertyRange
from driftwheel.web.pages.images.property_strip import property_strip

__all__ = ["PropertyRow", "property_rows"]

_LEAST_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """One property.

    Attributes
    ----------
    strip
        The drawing; None where there is no range.
    value, usual
        In words: of this image; the middle 99 % of the reference, or its commonest categories.
    outside
        Whether the value is unusual.
    """

    words: PropertyWords
    strip: Markup | None
    value: str
    usual: str
    outside: bool


def property_rows(described: ImageDescription) -> list[PropertyRow]:
    """Return the properties that have a value, those outside the reference first, else in their own order."""
    rows = [
        _row(property_words(name), value, described.ranges.get(name))
        for name, value in described.properties.items()
        if not math.isnan(value)
    ]
    return sorted(rows, key=lambda row: not row.outside)


def _row(words: PropertyWords, value: float, usual: PropertyRange | None) -> PropertyRow:
    said = _said(words, value)
    if usual is None or usual.n == 0:
        return PropertyRow(words, None, said, "", outside=False)
    if words.kind == "category":
        names = [f"{name} {share(part)}" for name, part in usual.common if part >= _LEAST_SHARE]
        return PropertyRow(words, None, said, ", ".join(names[:3]), usual.outside(value))
    low, high = (_said(words, edge) for edge in _ends(usual))
    span = low if low == high else f"{low} to {high}"
    if _is_all_round(usual):
        span = "nearly all round"
    return PropertyRow(
        words,
        property_strip(usual, value),
        said,
        span,
        usual.outside(value),
    )


def _is_all_round(usual: PropertyRange) -> bool:
    circle = usual.definition.high - usual.definition.low
    return usual.definition.kind == "circular" and usual.high - usual.low >= 0.9 * circle


def _ends(usual: PropertyRange) -> tuple[float, float]:
    if usual.definition.kind != "circular":
        return usual.low, usual.high
    circle = usual.definition.high - usual.definition.low
    return (usual.low - usual.definition.low) % circle, (usual.high - usual.definition.low) % circle


def _said(words: PropertyWords, value: float) -> str:
    if words.kind == "category" and 0 <= round(value) < len(words.categories):
        return words.categories[round(value)]
    return quantity(value, words.inline_unit)
