"""How a property is spoken of: its title, unit and meaning from the property table, or made from its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from driftwheel.errors import UsageError
from driftwheel.images.properties import property_named
from driftwheel.report.printable import printable

__all__ = ["PropertyWords", "property_words"]


@dataclass(frozen=True, slots=True)
class PropertyWords:
    """What a reader is told of a property; `low` and `high` are its range, in `unit`."""

    name: str
    title: str
    unit: str
    meaning: str
    kind: Literal["number", "circular", "category"]
    scale: Literal["linear", "log"]
    low: float
    high: float
    categories: tuple[str, ...]

    @property
    def inline_unit(self) -> str:
        """The unit where it belongs to every number: a share is said in per cent, an angle in degrees."""
        return self.unit if self.unit in ("share", "°") else ""

    @property
    def column_unit(self) -> str:
        """The unit where it is said once for a whole row; empty when the numbers or the title say it."""
        return "" if self.inline_unit or self.unit in self.title else self.unit

    @property
    def heading(self) -> str:
        """The title, its first letter in upper case unless it is an abbreviation already."""
        return self.title[:1].upper() + self.title[1:]


def property_words(name: str) -> PropertyWords:
    """Return the words for a property; one that is not in the property table is spoken of by its name.

    Examples
    --------
    >>> property_words("grip_force").heading
    'Grip force'
    """
    try:
        one = property_named(name)
    except UsageError:
        title = printable(name).replace("_", " ")
        return PropertyWords(name, title, "", "", "number", "linear", float("-inf"), float("inf"), ())
    return PropertyWords(
        one.name,
        one.title.replace("jpeg", "JPEG"),
        one.unit,
        one.meaning,
        one.kind,
        one.scale,
        one.low,
        one.high,
        one.categories,
    )
