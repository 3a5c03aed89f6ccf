"""What a property is: a number that a person understands, measured on one image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.views import Views

__all__ = ["Kind", "Needs", "Property", "Scale"]

Kind = Literal["number", "circular", "category"]
Needs = Literal["header", "full", "reduced", "sequence"]
Scale = Literal["linear", "log"]


@dataclass(frozen=True, slots=True)
class Property:
    """One row of the table of properties.

    Attributes
    ----------
    name
        Stable, snake_case; profiles and JSON rely on it.
    title
        The same for people.
    unit
        For example ``px``, ``share``, ``bit``, ``°``, ``grey levels``; empty for a pure number or a
        category.
    kind
        ``number``; ``circular`` (`low` and `high` are the same point); or ``category`` (value k means
        ``categories[k]``).
    low, high
        The range of the histogram. Values outside are counted in the end bins.
    bins
        The number of histogram bins over [low, high]; for a category the number of categories.
    scale
        Bin edges equally spaced in the value or in its logarithm.
    categories
        Empty unless `kind` is ``category``.
    meaning
        One sentence for a person.
    needs
        ``header``: the file's first bytes; ``full``: pixels at full resolution; ``reduced``: block
        means are enough; ``sequence``: the image before it.
    measure
        From the views of one image to its value; NaN where the property is not defined for the image.
    """

    name: str
    title: str
    unit: str
    kind: Kind
    low: float
    high: float
    bins: int
    scale: Scale
    categories: tuple[str, ...]
    meaning: str
    needs: Needs
    measure: Callable[[Views], float]

    def edges(self) -> NDArray[np.float64]:
        """Return the (bins + 1,) ascending bin edges; category k has the bin [k − ½, k + ½]."""
        if self.kind == "category":
            return np.asarray(np.arange(self.bins + 1) - 0.5, dtype=np.float64)
        if self.scale == "log":
            return np.asarray(np.geomspace(self.low, self.high, self.bins + 1), dtype=np.float64)
        return np.asarray(np.linspace(self.low, self.high, self.bins + 1), dtype=np.float64)
