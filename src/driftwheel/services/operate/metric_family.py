"""A metric with all its series, before it is written as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["Family", "Kind", "Labels"]

Kind = Literal["gauge", "counter"]

Labels = tuple[str, ...]
"""Values of a series' labels, in the order of their names."""


@dataclass(frozen=True, slots=True)
class Family:
    """All series of one metric.

    Attributes
    ----------
    name
        Without ``_total`` where it is a counter.
    help
        One sentence.
    labels
        Names.
    samples
        Values of the labels, in that order → value; a label's value is a name, never an id.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...]
    samples: Mapping[Labels, float]
