"""The confusion matrix: how often each class was named for each true class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError

__all__ = ["ConfusionMatrix", "confusion_matrix", "count_pairs"]


@dataclass(frozen=True, slots=True, eq=False)
class ConfusionMatrix:
    """Predictions with a label, by what is true and what was named.

    Merge law: counts add by class; the matrix of no classes is the empty element.

    Attributes
    ----------
    classes
        k names, sorted: all that are true or were named.
    counts
        (k, k) how often the class of the row is true and that of the column was named, 0 or more; not whole
        where labels are weighted: then they add up to the effective number of labels.
    """

    classes: tuple[str, ...]
    counts: NDArray[np.float64]

    @property
    def total(self) -> float:
        """How many labels."""
        return float(self.counts.sum())

    def merged(self, other: ConfusionMatrix) -> ConfusionMatrix:
        """Return the matrix of both.

        Examples
        --------
        >>> one = count_pairs([("cat", "cat", 3.0)]).merged(count_pairs([("cat", "dog", 1.0)]))
        >>> one.classes, one.counts.tolist()
        (('cat', 'dog'), [[3.0, 1.0], [0.0, 0.0]])
        """
        return count_pairs([*_pairs(self), *_pairs(other)])


def count_pairs(pairs: Sequence[tuple[str, str, float]]) -> ConfusionMatrix:
    """Return the matrix of (true class, named class, how often)."""
    classes = tuple(sorted({name for true, said, _ in pairs for name in (true, said)}))
    place = {name: row for row, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)))
    for true, said, number in pairs:
        counts[place[true], place[said]] += number
    return ConfusionMatrix(classes, counts)


def confusion_matrix(
    truth: Sequence[str], predicted: Sequence[str], weights: Sequence[float] | None = None
) -> ConfusionMatrix:
    """Return the matrix of n predictions and the true classes of their images.

    Raises
    ------
    UsageError
        When they are not equally many.

    Examples
    --------
    >>> confusion_matrix(["cat", "dog", "dog"], ["cat", "cat", "dog"]).counts.tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    if len(truth) != len(predicted) or (weights is not None and len(weights) != len(truth)):
        raise UsageError(f"There are {len(truth)} true classes for {len(predicted)} predictions.")
    found: dict[tuple[str, str], float] = {}
    for row, pair in enumerate(zip(truth, predicted, strict=True)):
        found[pair] = found.get(pair, 0.0) + (1.0 if weights is None else weights[row])
    return count_pairs([(true, said, n) for (true, said), n in found.items()])


def _pairs(matrix: ConfusionMatrix) -> list[tuple[str, str, float]]:
    return [
        (matrix.classes[row], matrix.classes[column], float(matrix.counts[row, column]))
        for row, column in zip(*np.nonzero(matrix.counts), strict=True)
    ]
