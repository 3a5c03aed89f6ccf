"""Pairwise agreement: how often each two annotators gave a task the same class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from driftwheel.agreement.class_answers import ClassAnswers

__all__ = ["PairwiseAgreement", "pairwise_agreement"]


@dataclass(frozen=True, slots=True, eq=False)
class PairwiseAgreement:
    """Symmetric tables over annotators.

    Attributes
    ----------
    shared, agreed
        (a, a) tasks that both answered, and those with the same class; the diagonal is of one's own tasks.
    share
        (a, a) agreed / shared; NaN where nothing is shared.
    kappa
        (a, a) Cohen's κ, agreement beyond that of their own shares of classes on shared tasks; NaN where
        nothing is shared or both named one class only.
    """

    shared: NDArray[np.intp]
    agreed: NDArray[np.intp]
    share: NDArray[np.float64]
    kappa: NDArray[np.float64]


def pairwise_agreement(answers: ClassAnswers) -> PairwiseAgreement:
    """Return how often each two annotators agree.

    References
    ----------
    J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement
    20 (1960).

    Examples
    --------
    >>> from driftwheel.agreement.class_answers import Answer, class_answers
    >>> said = {"ann": "aabb", "bob": "abbb"}
    >>> told = [Answer(t, who, label) for who, all_ in said.items() for t, label in enumerate(all_)]
    >>> found = pairwise_agreement(class_answers(told, ["a", "b"]))
    >>> float(found.share[0, 1]), float(found.kappa[0, 1])
    (0.75, 0.5)
    """
    t, a, k = answers.shape

    def table(rows: NDArray[np.bool_]) -> csr_array:
        ones = np.ones(int(rows.sum()))
        return csr_array((ones, (answers.tasks[rows], answers.annotators[rows])), shape=(t, a))

    every = table(np.ones(len(answers), np.bool_))
    shared = (every.T @ every).toarray()
    agreed, chance = np.zeros((a, a)), np.zeros((a, a))
    for label in range(k):
        own = table(answers.labels == label)
        agreed += (own.T @ own).toarray()
        named = (own.T @ every).toarray()  # [i, j]: how often i named it where j answered too
        chance += named * named.T
    some = np.where(shared > 0, shared, np.nan)
    share, expected = agreed / some, chance / some**2
    kappa = (share - expected) / np.where(expected < 1, 1 - expected, np.nan)
    return PairwiseAgreement(shared.astype(np.intp), agreed.astype(np.intp), share, kappa)
