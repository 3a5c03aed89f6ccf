"""Answers of a classifier: how sure it was of the class it named, and what was true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError
from driftwheel.performance.score_table import as_scores, as_truth

__all__ = ["Answers", "KnownAnswers", "answers_from_scores", "known_answers_from_scores"]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model said of n images.

    Attributes
    ----------
    confidence
        (n,) float64 in [0, 1]: the score of the class that was named.
    predicted
        (n,) the class that was named, as a number from 0 on.
    """

    confidence: NDArray[np.float64]
    predicted: NDArray[np.intp]

    def __post_init__(self) -> None:
        n = len(self.confidence)
        if self.confidence.shape != (n,) or self.predicted.shape != (n,):
            raise UsageError(
                f"Answers are columns of one length; got confidences of shape {self.confidence.shape} and "
                f"classes of shape {self.predicted.shape}."
            )
        if not ((self.confidence >= 0) & (self.confidence <= 1)).all():
            raise UsageError(
                "Confidences are numbers in [0, 1] without NaN: leave out answers without scores."
            )
        if n and self.predicted.min() < 0:
            raise UsageError(f"Classes are numbers from 0 on; got {int(self.predicted.min())}.")

    def __len__(self) -> int:
        return len(self.confidence)


@dataclass(frozen=True, slots=True, eq=False)
class KnownAnswers(Answers):
    """What a model said of n images that it was not trained on, and the truth.

    Attributes
    ----------
    truth
        (n,) the true class; −1 for one that the model does not know.
    """

    truth: NDArray[np.intp]

    def __post_init__(self) -> None:
        super(KnownAnswers, self).__post_init__()
        if self.truth.shape != self.predicted.shape:
            raise UsageError(
                f"There are {len(self.predicted)} answers and truths of shape {self.truth.shape}."
            )

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(n,) whether the named class was the true one."""
        right: NDArray[np.bool_] = np.equal(self.predicted, self.truth)
        return right

    def take(self, rows: NDArray[np.intp]) -> KnownAnswers:
        """Return the answers of these rows, in that order; repeats are allowed."""
        return KnownAnswers(self.confidence[rows], self.predicted[rows], self.truth[rows])


def answers_from_scores(scores: ArrayLike) -> Answers:
    """Return the answers in an (n, k) table of scores: the greatest of each row, the first of equal ones.

    Raises
    ------
    UsageError
        For what are no scores in [0, 1].

    Examples
    --------
    >>> found = answers_from_scores([[0.2, 0.8], [0.5, 0.5]])
    >>> found.predicted.tolist(), found.confidence.tolist()
    ([1, 0], [0.8, 0.5])
    """
    table = as_scores(scores, least_rows=0)
    return Answers(table.max(axis=1), table.argmax(axis=1).astype(np.intp))


def known_answers_from_scores(scores: ArrayLike, truth: ArrayLike) -> KnownAnswers:
    """Return the answers in an (n, k) table of scores whose true columns are known; −1: none of them.

    Raises
    ------
    UsageError
        For what are no scores, or truths that do not fit them.
    """
    table = as_scores(scores, least_rows=0)
    return KnownAnswers(table.max(axis=1), table.argmax(axis=1).astype(np.intp), as_truth(truth, table))
