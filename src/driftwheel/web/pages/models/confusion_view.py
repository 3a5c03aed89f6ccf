"""The confusion matrix as a page shows it: few classes as a table, of many the worst confusions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftwheel.performance.confusion import ConfusionMatrix

__all__ = ["ConfusionCell", "ConfusionRow", "ConfusionView", "confusion_view"]

_MOST_CLASSES = 12
_WORST = 20


@dataclass(frozen=True, slots=True)
class ConfusionCell:
    """How often one class was named for another.

    Attributes
    ----------
    count
        Labels, or their effective number.
    share
        Of those whose true class it is.
    level
        0…5, how strongly it is coloured.
    right
        Whether the two are the same.
    """

    true: str
    said: str
    count: float
    share: float
    level: int
    right: bool


@dataclass(frozen=True, slots=True)
class ConfusionRow:
    """All that was named for one true class; `count` is how many labels it has."""

    true: str
    count: float
    cells: tuple[ConfusionCell, ...]


@dataclass(frozen=True, slots=True)
class ConfusionView:
    """A table of few classes, or no rows; and the most frequent confusions."""

    classes: tuple[str, ...]
    rows: tuple[ConfusionRow, ...]
    worst: tuple[ConfusionCell, ...]


def confusion_view(matrix: ConfusionMatrix) -> ConfusionView:
    """Return what a page shows of a matrix.

    Examples
    --------
    >>> found = confusion_view(ConfusionMatrix(("a", "b"), np.array([[8.0, 2.0], [0.0, 5.0]])))
    >>> [(one.true, one.said, one.count) for one in found.worst], found.rows[0].cells[1].level
    ([('a', 'b', 2.0)], 1)
    """
    counts = matrix.counts
    of_class = counts.sum(axis=1)

    def cell(row: int, column: int) -> ConfusionCell:
        share = float(counts[row, column] / of_class[row]) if of_class[row] else 0.0
        return ConfusionCell(
            matrix.classes[row],
            matrix.classes[column],
            float(counts[row, column]),
            share,
            min(5, int(np.ceil(5 * share - 1e-9))),
            row == column,
        )

    off = counts - np.diag(np.diag(counts))
    order = np.argsort(-off, axis=None, kind="stable")[:_WORST].tolist()
    pairs = [divmod(place, len(counts)) for place in order]
    worst = tuple(cell(row, column) for row, column in pairs if off[row, column] > 0)
    rows: tuple[ConfusionRow, ...] = ()
    if 0 < len(matrix.classes) <= _MOST_CLASSES:
        rows = tuple(
            ConfusionRow(name, float(of_class[row]), tuple(cell(row, at) for at in range(len(counts))))
            for row, name in enumerate(matrix.classes)
        )
    return ConfusionView(matrix.classes, rows, worst)
