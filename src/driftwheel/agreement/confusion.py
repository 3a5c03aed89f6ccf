"""Confusion matrices of annotators, and the likelihood of their answers under them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from driftwheel.agreement.class_answers import ClassAnswers
from driftwheel.errors import UsageError

__all__ = ["check_size", "confusion_counts", "log_likelihoods", "posterior_of"]

_MOST = 100_000_000  # entries of all matrices together, 800 MB


def confusion_counts(incidence: csr_array, posterior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (a, k, k) how often each annotator gave a task of the true class c the class l, at [a, c, l].

    Parameters
    ----------
    incidence
        (t, a·k) of `ClassAnswers.incidence`; some of its rows will do.
    posterior
        (t, k) chances of the true classes; a row of zeros leaves its task out. Known truths are rows with
        a single 1.

    Examples
    --------
    >>> from driftwheel.agreement.class_answers import Answer, class_answers
    >>> given = class_answers([Answer(1, "ann", "cat"), Answer(2, "ann", "cat")], ["cat", "dog"])
    >>> confusion_counts(given.incidence(), np.array([[1.0, 0.0], [0.0, 1.0]])).tolist()
    [[[1.0, 0.0], [1.0, 0.0]]]
    """
    k = posterior.shape[1]
    named = np.asarray(incidence.T @ posterior, dtype=np.float64)
    return named.reshape(-1, k, k).transpose(0, 2, 1)


def log_likelihoods(incidence: csr_array, confusions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (t, k) the logarithm of the chance of a task's answers, for each class that may be true.

    Parameters
    ----------
    incidence
        (t, a·k) of `ClassAnswers.incidence`.
    confusions
        (a, k, k) chances above 0; [a, c] sums to 1.
    """
    k = confusions.shape[1]
    by_answer = np.log(confusions).transpose(0, 2, 1).reshape(-1, k)
    return np.asarray(incidence @ by_answer, dtype=np.float64)


def posterior_of(log_scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (t, k) rows that sum to 1, proportional to the exponentials of (t, k) logarithms."""
    scores = np.exp(log_scores - log_scores.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def check_size(answers: ClassAnswers) -> None:
    """Refuse matrices that would not fit in memory.

    Raises
    ------
    UsageError
        For more than 100 million entries.
    """
    _, a, k = answers.shape
    if a * k * k > _MOST:
        raise UsageError(
            f"Confusion matrices of {a} annotators over {k} classes would take {a * k * k * 8 / 1e9:.1f} GB; "
            "take `majority_vote` with skills as weights, or label in fewer classes at a time."
        )
