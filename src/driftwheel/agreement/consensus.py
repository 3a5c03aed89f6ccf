"""The consensus: one class a task from a table of posteriors, with a stated rule for ties."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.class_answers import ClassAnswers, vote_counts

__all__ = ["TIE_RULE", "Consensus", "consensus_of", "with_known_truth"]

TIE_RULE = "of equal classes the one named more often over all tasks, then the one that is listed first"
"""How a tie is broken: never by chance, and never by the order in which answers came."""

_EQUAL = 1e-9  # posteriors this near are a tie


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """What the answers amount to, task by task.

    Attributes
    ----------
    method
        ``"majority_vote"``, ``"golden_bayes"`` or ``"dawid_skene"``.
    labels
        (t,) class number; −1 where nobody answered.
    confidence
        (t,) the posterior of that class, in [0, 1]; of a task without an answer that of the commonest class.
    posterior
        (t, k) rows that sum to 1.
    n_answers
        (t,) how many answers it rests on.
    tied
        (t,) whether the rule for ties decided.
    """

    method: str
    labels: NDArray[np.intp]
    confidence: NDArray[np.float64]
    posterior: NDArray[np.float64]
    n_answers: NDArray[np.intp]
    tied: NDArray[np.bool_]


def consensus_of(answers: ClassAnswers, posterior: NDArray[np.float64], method: str) -> Consensus:
    """Return the consensus of a (t, k) table of posteriors: the largest of each row, ties by `TIE_RULE`."""
    votes = vote_counts(answers)
    n_answers = votes.sum(axis=1).astype(np.intp)
    best = posterior.max(axis=1, initial=0.0)
    equal = posterior >= (best - _EQUAL)[:, None]
    preferred = np.argsort(-votes.sum(axis=0), kind="stable")
    labels = preferred[equal[:, preferred].argmax(axis=1)] if len(posterior) else np.empty(0, np.intp)
    return Consensus(
        method,
        np.where(n_answers > 0, labels, -1),
        np.minimum(best, 1.0),
        posterior,
        n_answers,
        (equal.sum(axis=1) > 1) & (n_answers > 0),
    )


def with_known_truth(found: Consensus, golden: NDArray[np.intp]) -> Consensus:
    """Return the consensus with the truth of golden tasks, (t,) and −1 elsewhere, in place of the answers."""
    known = golden >= 0
    posterior = found.posterior.copy()
    posterior[known] = 0.0
    posterior[known, golden[known]] = 1.0
    return replace(
        found,
        labels=np.where(known, golden, found.labels),
        confidence=np.where(known, 1.0, found.confidence),
        posterior=posterior,
        tied=found.tied & ~known,
    )
