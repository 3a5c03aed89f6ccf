"""The error finder for sets of classes: which classes are likely missing from an item, or wrongly on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.agreement.error_finder import find_label_errors
from driftwheel.errors import UsageError

__all__ = ["SetErrors", "find_set_errors"]


@dataclass(frozen=True, slots=True, eq=False)
class SetErrors:
    """Pairs of an item and a class by suspicion.

    Attributes
    ----------
    items, classes
        (n·k,) rows and columns, the most suspicious pair first. Where the class is on the item, take it away;
        where it is not, add it.
    suspicion
        (n, k) in [0, 1]; it orders, and is no chance.
    likely_wrong
        (n, k) the pairs that confident learning counts as errors.
    """

    items: NDArray[np.intp]
    classes: NDArray[np.intp]
    suspicion: NDArray[np.float64]
    likely_wrong: NDArray[np.bool_]


def find_set_errors(present: ArrayLike, probabilities: ArrayLike) -> SetErrors:
    """Return pairs of item and class in the order of suspicion: `find_label_errors` of each class by itself.

    Parameters
    ----------
    present
        (n, k) bool whether each class is on each item: imported sets, or a consensus.
    probabilities
        (n, k) in [0, 1] that it belongs there, of a model that did not learn from the row's own set.

    Raises
    ------
    UsageError
        For tables that do not fit, or what is no probability.

    Examples
    --------
    >>> sure = np.array([[0.9, 0.1], [0.8, 0.9], [0.1, 0.2], [0.9, 0.8]])
    >>> found = find_set_errors([[1, 0], [1, 1], [0, 0], [0, 1]], sure)
    >>> int(found.items[0]), int(found.classes[0])
    (3, 0)
    """
    given, chances = np.asarray(present, dtype=np.bool_), np.asarray(probabilities, dtype=np.float64)
    if given.ndim != 2 or given.shape != chances.shape:
        raise UsageError(
            f"Sets of shape {given.shape} and probabilities of shape {chances.shape}: expected two tables "
            "with a row an item and a column a class."
        )
    if not ((chances >= 0) & (chances <= 1)).all():
        raise UsageError("Probabilities are numbers in [0, 1] without NaN.")
    suspicion, likely = np.zeros(given.shape), np.zeros(given.shape, np.bool_)
    for column in range(given.shape[1]):
        both = np.column_stack([1 - chances[:, column], chances[:, column]])
        found = find_label_errors(given[:, column].astype(np.intp), both)
        suspicion[:, column], likely[:, column] = found.suspicion, found.likely_wrong
    items, classes = np.unravel_index(np.argsort(-suspicion, axis=None, kind="stable"), given.shape)
    return SetErrors(np.asarray(items, np.intp), np.asarray(classes, np.intp), suspicion, likely)
