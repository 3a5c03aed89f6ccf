"""Krippendorff's α of classes: how far annotators agree beyond chance, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.class_answers import ClassAnswers, vote_counts
from driftwheel.errors import UsageError

__all__ = ["Alpha", "check_draws", "krippendorff_alpha", "quantiles"]

_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Alpha:
    """The agreement of a pool.

    Attributes
    ----------
    alpha
        1: all agree; 0: as by chance; below 0: worse. NaN where no task has two answers, or all answers are
        the same.
    low, high
        95 % interval: percentiles of α over tasks drawn with replacement; NaN as above.
    n_tasks, n_answers
        Tasks with at least two answers, and the answers to them.
    """

    alpha: float
    low: float
    high: float
    n_tasks: int
    n_answers: int


def krippendorff_alpha(answers: ClassAnswers, rng: np.random.Generator, *, draws: int = 1000) -> Alpha:
    """Return nominal α over all tasks with at least two answers; annotators need not see the same tasks.

    Parameters
    ----------
    draws
        Bootstrap draws of the interval; below about 30 tasks it is too narrow.

    Raises
    ------
    UsageError
        For fewer than 20 draws.

    References
    ----------
    K. Krippendorff, "Content analysis", 3rd edition, Sage 2013, chapter 12; interval after A. Hayes,
    K. Krippendorff, "Answering the call for a standard reliability measure for coding data", Communication
    Methods and Measures 1 (2007), with tasks drawn instead of pairs.

    Examples
    --------
    >>> from driftwheel.agreement.class_answers import Answer, class_answers
    >>> said = {"ann": "aabbaa", "bob": "aabbab"}
    >>> told = [Answer(t, who, label) for who, all_ in said.items() for t, label in enumerate(all_)]
    >>> found = krippendorff_alpha(class_answers(told, ["a", "b"]), np.random.default_rng(0))
    >>> round(found.alpha, 3), found.n_tasks
    (0.686, 6)
    """
    check_draws(draws)
    votes = vote_counts(answers)
    votes = votes[votes.sum(axis=1) >= 2]
    if not len(votes):
        return Alpha(float("nan"), float("nan"), float("nan"), 0, 0)
    patterns, tasks = np.unique(votes, axis=0, return_counts=True)
    drawn = rng.multinomial(len(votes), tasks / len(votes), size=draws)
    weights = np.vstack([tasks, drawn]).astype(np.float64)
    size = patterns.sum(axis=1)
    unlike = (size**2 - (patterns**2).sum(axis=1)) / (size - 1)
    n, classes = weights @ size, weights @ patterns
    observed = weights @ unlike / n
    expected = (n**2 - (classes**2).sum(axis=1)) / (n * (n - 1))
    alphas = np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1.0), np.nan)
    low, high = quantiles(alphas[1:])
    return Alpha(float(alphas[0]), low, high, len(votes), int(size @ tasks))


def quantiles(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the central 95 % of the defined values; NaN where none is."""
    defined = values[np.isfinite(values)]
    if not len(defined):
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)


def check_draws(draws: int) -> None:
    """Refuse fewer than 20 bootstrap draws.

    Raises
    ------
    UsageError
        For such a number.
    """
    if draws < 20:
        raise UsageError(f"An interval from {draws} bootstrap draws; give at least 20.")
