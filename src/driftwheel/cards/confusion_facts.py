"""How often each class was named for each true class, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from driftwheel.performance.confusion import ConfusionMatrix

__all__ = ["ConfusionFacts", "confusion_facts"]


@dataclass(frozen=True, slots=True)
class ConfusionFacts:
    """A confusion matrix; see `driftwheel.performance.confusion`.

    Attributes
    ----------
    classes
        k names: all that are true or were named.
    counts
        (k, k): of the class of a row so many were named as that of the column; not whole where labels are
        weighted.
    """

    classes: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]


def confusion_facts(matrix: ConfusionMatrix) -> ConfusionFacts:
    """Return a matrix as plain frozen values."""
    return ConfusionFacts(
        matrix.classes, tuple(tuple(float(value) for value in row) for row in matrix.counts.tolist())
    )
