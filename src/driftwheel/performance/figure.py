"""A performance figure: a number with the interval that holds it, and on how many labels it rests."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LEVEL", "NOTHING", "Figure"]

LEVEL = 0.9
"""Chance that an interval holds what it is of, as of estimated accuracy."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a model's performance.

    Attributes
    ----------
    value
        None where no label tells it.
    low, high
        The interval that holds it with 90 %; None where there is none.
    n
        On how many labels it rests.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


NOTHING = Figure(None, None, None, 0)
"""What is known where there is no label."""
