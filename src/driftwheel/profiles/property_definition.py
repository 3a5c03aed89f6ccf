"""What a summary must know about its property to be read without the property table it was made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.properties import PROPERTIES, Property

__all__ = ["PropertyDefinition", "current_definitions", "definition_of"]


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """One row of the property table as it was when a profile was made; stored with the profile.

    Attributes
    ----------
    name, title, unit, kind
        As in the table.
    low, high, scale
        Range of the histogram and spacing of its edges; values outside are counted in the end bins.
    bins
        Number of histogram bins; for a category the number of categories.
    categories
        Value k of a category means ``categories[k]``; empty for other kinds.
    """

    name: str
    title: str
    unit: str
    kind: Literal["number", "circular", "category"]
    low: float
    high: float
    bins: int
    scale: Literal["linear", "log"]
    categories: tuple[str, ...] = ()

    def edges(self) -> NDArray[np.float64]:
        """Return the (bins + 1,) ascending edges of the histogram; bin i holds edge i ≤ value < edge i + 1.

        Examples
        --------
        >>> PropertyDefinition("x", "x", "", "number", 1.0, 100.0, 2, "log").edges()
        array([  1.,  10., 100.])
        """
        if self.kind == "category":
            return np.arange(self.bins + 1, dtype=np.float64) - 0.5
        steps = np.arange(self.bins + 1, dtype=np.float64) / self.bins
        if self.scale == "log":
            edges = self.low * (self.high / self.low) ** steps
        else:
            edges = self.low + (self.high - self.low) * steps
        edges[-1] = self.high
        return edges


def definition_of(property_: Property) -> PropertyDefinition:
    """Return the part of a row of the property table that a profile keeps."""
    return PropertyDefinition(
        name=property_.name,
        title=property_.title,
        unit=property_.unit,
        kind=property_.kind,
        low=float(property_.low),
        high=float(property_.high),
        bins=len(property_.categories) if property_.kind == "category" else property_.bins,
        scale=property_.scale,
        categories=tuple(property_.categories),
    )


def current_definitions() -> tuple[PropertyDefinition, ...]:
    """Return the definitions of this release's property table, in its order."""
    return tuple(definition_of(property_) for property_ in PROPERTIES)
