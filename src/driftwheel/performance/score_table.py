"""Checks of what this package is given: a table of scores, and what is known of its rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError

__all__ = ["as_correct", "as_scores", "as_truth", "known_rows"]


def as_scores(scores: ArrayLike, *, least_rows: int = 1) -> NDArray[np.float64]:
    """Return (n, k) scores as float64.

    Raises
    ------
    UsageError
        For another shape, fewer rows than `least_rows`, or a score that is not in [0, 1].
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] == 0:
        raise UsageError(f"Scores are a table, a row an image and a column a class; got shape {table.shape}.")
    if len(table) < least_rows:
        raise UsageError(f"There are {len(table)} rows of scores; expected at least {least_rows}.")
    if not ((table >= 0) & (table <= 1)).all():
        raise UsageError(
            "Scores are numbers in [0, 1] without NaN: apply softmax to logits, and leave out rows without "
            "scores."
        )
    return table


def as_truth(truth: ArrayLike, scores: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the (n,) columns of the true classes; −1 stands for a class that the model does not know.

    Raises
    ------
    UsageError
        When there is not one for each row, or a column that the scores do not have.
    """
    column = np.asarray(truth)
    if column.shape != scores.shape[:1]:
        raise UsageError(f"There are {len(scores)} rows of scores and truths of shape {column.shape}.")
    whole = column.astype(np.intp)
    if (whole != column).any() or not ((whole >= -1) & (whole < scores.shape[1])).all():
        raise UsageError(
            f"Truths are columns of the scores, 0 to {scores.shape[1] - 1}, or -1 for a class that has none."
        )
    return whole


def as_correct(correct: ArrayLike, n: int) -> NDArray[np.bool_]:
    """Return whether each of `n` predictions was right; raise `UsageError` for another shape or kind."""
    given = np.asarray(correct)
    if given.shape != (n,) or given.dtype != np.bool_:
        raise UsageError(
            f"Correctness is one bool for each of {n} rows of scores; got shape {given.shape} of "
            f"{given.dtype}."
        )
    return given


def known_rows(scores: ArrayLike) -> NDArray[np.bool_]:
    """Return the (n,) rows in which no score is missing (NaN).

    Examples
    --------
    >>> known_rows([[0.2, 0.8], [float("nan"), 1.0]]).tolist()
    [True, False]
    """
    return np.asarray(~np.isnan(np.atleast_2d(np.asarray(scores, dtype=np.float64))).any(axis=1))
