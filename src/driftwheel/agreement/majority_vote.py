"""Majority vote: each task's class is the one that most annotators named."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from driftwheel.agreement.class_answers import ClassAnswers
from driftwheel.agreement.consensus import Consensus, consensus_of
from driftwheel.errors import UsageError

__all__ = ["majority_vote"]


def majority_vote(answers: ClassAnswers, weights: ArrayLike | None = None) -> Consensus:
    """Return the class with most votes; the "posterior" is the share of votes, which is no probability.

    Ties go by `consensus.TIE_RULE`. Two answers out of three say 0.67 whoever gave them: for a confidence
    that can be relied on take `golden_bayes`.

    Parameters
    ----------
    weights
        (a,) weight ≥ 0 of each annotator's vote, for example the skill on golden tasks; None: all the same.

    Raises
    ------
    UsageError
        When the weights do not fit the annotators.

    Examples
    --------
    >>> from driftwheel.agreement.class_answers import Answer, class_answers
    >>> votes = [Answer(1, "ann", "cat"), Answer(1, "bob", "dog"), Answer(1, "cem", "dog")]
    >>> found = majority_vote(class_answers(votes, ["cat", "dog"]))
    >>> found.labels.tolist(), round(float(found.confidence[0]), 2)
    ([1], 0.67)
    """
    t, a, k = answers.shape
    weight = np.ones(a) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != (a,) or not (np.isfinite(weight) & (weight >= 0)).all():
        raise UsageError(f"Weights are one number ≥ 0 an annotator ({a}); got shape {weight.shape}.")
    places = answers.tasks * k + answers.labels
    votes = np.bincount(places, weights=weight[answers.annotators], minlength=t * k).astype(np.float64)
    votes = votes.reshape(t, k)
    total = votes.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, votes / np.where(total > 0, total, 1.0), 1.0 / k)
    return consensus_of(answers, shares, "majority_vote")
