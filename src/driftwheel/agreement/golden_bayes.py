"""Golden-weighted Bayes: posteriors from what golden tasks say of each annotator. The default aggregation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln

from driftwheel.agreement.class_answers import ClassAnswers, as_golden
from driftwheel.agreement.confusion import check_size, confusion_counts, log_likelihoods, posterior_of
from driftwheel.agreement.consensus import Consensus, consensus_of
from driftwheel.errors import UsageError

__all__ = ["GoldenBayes", "golden_bayes", "shrunken_confusions", "task_posterior"]

_FOLDS = 10  # a golden task's own posterior is made without the tenth of golden tasks that it is in
_WORTHS = np.array([2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0])
_ERRORS = 2.0  # errors of a class, spread evenly, that the pool's pattern of errors begins with
_SHARES = 2.0  # tasks of each class that the shares begin with
_ROUNDS, _SETTLED = 200, 1e-6
_LEAST = 1e-4  # no answer is taken as less likely than this, whatever golden tasks say


@dataclass(frozen=True, slots=True, eq=False)
class GoldenBayes:
    """The consensus, and what it was weighed by.

    Attributes
    ----------
    consensus
        Of golden tasks too, as if their truth were not known: fit to calibrate confidence on.
    confusions
        (a, k, k) chances; [a, c, l] that annotator a names l where c is true.
    class_shares
        (k,) estimated share of each class among tasks that are not golden.
    n_golden
        (a,) golden tasks that each annotator answered.
    newcomer
        (k, k) the same chances of one who has answered no golden task.
    """

    consensus: Consensus
    confusions: NDArray[np.float64]
    class_shares: NDArray[np.float64]
    n_golden: NDArray[np.intp]
    newcomer: NDArray[np.float64]


def golden_bayes(
    answers: ClassAnswers,
    golden: ArrayLike | None = None,
    *,
    prior_accuracy: float = 0.8,
    prior_answers: float = 10.0,
) -> GoldenBayes:
    """Return the posterior of each task's class, its annotators weighed by their answers to golden tasks.

    Answers are independent given the true class, with confusion matrices from golden tasks alone
    (`shrunken_confusions`), so that annotators who agree with each other gain nothing by it. The classes'
    shares are those of largest likelihood over the tasks that are not golden, since golden tasks are chosen
    in a mix of their own.

    Parameters
    ----------
    golden
        (t,) true class of golden tasks, −1 elsewhere; None: none are known, and every annotator has
        `prior_accuracy`.
    prior_accuracy
        Share of right answers that is expected of people before any is seen, above 1/k and below 1.
    prior_answers
        How many golden answers of the whole pool that expectation is worth, above 0.

    Raises
    ------
    UsageError
        For a prior out of range, or golden tasks that do not fit the answers.

    Notes
    -----
    A posterior of a golden task is made without that task: golden tasks are dealt into ten parts in turn, and
    each part is judged by confusions and shares of classes from the other nine.

    References
    ----------
    A. P. Dawid, A. M. Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm",
    Applied Statistics 28 (1979), equation 2.5, with the rates from golden tasks. R. Snow and others, "Cheap
    and fast, but is it good?", EMNLP 2008, section 5: bias correction from gold answers.

    Examples
    --------
    >>> from driftwheel.agreement.class_answers import Answer, class_answers, golden_column
    >>> told = [Answer(f"g{i}", "ann", "cat") for i in range(20)]
    >>> told += [Answer(f"g{i}", "bob", "dog") for i in range(20)]  # always wrong
    >>> told += [Answer("t", "ann", "cat"), Answer("t", "bob", "dog")]
    >>> given = class_answers(told, ["cat", "dog"])
    >>> found = golden_bayes(given, golden_column(given, {f"g{i}": "cat" for i in range(20)}))
    >>> given.classes[found.consensus.labels[-1]], bool(found.consensus.confidence[-1] > 0.9)
    ('cat', True)
    """
    t, _, k = answers.shape
    if not 1 / k < prior_accuracy < 1 or not prior_answers > 0:
        raise UsageError(
            f"The prior is an accuracy of {prior_accuracy:g} worth {prior_answers:g} answers; expected one "
            f"above that of guessing, {1 / k:.2g}, and below 1, worth more than 0 answers."
        )
    check_size(answers)
    truth = as_golden(answers, golden)
    known = truth >= 0
    rows = np.zeros((t, k))
    rows[known, truth[known]] = 1.0
    incidence = answers.incidence()
    counts = confusion_counts(incidence, rows)
    prior = (prior_accuracy, prior_answers)
    drawn = shrunken_confusions(np.concatenate([counts, np.zeros((1, k, k))]), *prior)
    confusions, newcomer = drawn[:-1], drawn[-1]
    likelihoods = log_likelihoods(incidence, confusions)
    answered = np.bincount(answers.tasks, minlength=t) > 0
    shares = _class_shares(likelihoods[answered & ~known])
    posterior = posterior_of(likelihoods + np.log(shares))
    judged = np.flatnonzero(known & answered)
    for fold in range(min(_FOLDS, len(judged))):
        part = judged[fold::_FOLDS]
        own = incidence[part]
        without = shrunken_confusions(counts - confusion_counts(own, rows[part]), *prior)
        mix = rows.sum(axis=0) - rows[part].sum(axis=0) + _SHARES
        posterior[part] = posterior_of(log_likelihoods(own, without) + np.log(mix))
    found = consensus_of(answers, posterior, "golden_bayes")
    n_golden = np.rint(counts.sum(axis=(1, 2))).astype(np.intp)
    return GoldenBayes(found, confusions, shares, n_golden, newcomer)


def task_posterior(found: GoldenBayes, annotators: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
    """Return (k,) the posterior of one more task from its answers, with what is known of their annotators.

    For the moment an answer comes in: nothing is estimated anew.

    Parameters
    ----------
    annotators
        (n,) their numbers where `found` was made; −1 for one who was not there.
    labels
        (n,) the class each named.

    Raises
    ------
    UsageError
        For numbers that `found` does not know.

    Examples
    --------
    >>> from driftwheel.agreement.class_answers import Answer, class_answers
    >>> known = golden_bayes(class_answers([Answer(1, "ann", "a"), Answer(2, "ann", "b")], ["a", "b"]))
    >>> task_posterior(known, [0, -1], [1, 1]).round(2).tolist()
    [0.06, 0.94]
    """
    who, named = np.asarray(annotators, dtype=np.intp), np.asarray(labels, dtype=np.intp)
    a, k = found.confusions.shape[:2]
    if who.shape != named.shape or who.ndim != 1:
        raise UsageError(
            f"Annotators of shape {who.shape} and labels of shape {named.shape}; expected columns."
        )
    if len(who) and not (who.min() >= -1 and who.max() < a and named.min() >= 0 and named.max() < k):
        raise UsageError(
            f"An answer is of an annotator beyond {a} or a class beyond {k}; numbers begin at 0."
        )
    tables = np.concatenate([found.confusions, found.newcomer[None]])
    scores = np.log(found.class_shares) + np.log(tables[who, :, named]).sum(axis=0)
    return np.asarray(posterior_of(scores[None])[0])


def shrunken_confusions(
    counts: NDArray[np.float64], prior_accuracy: float, prior_answers: float
) -> NDArray[np.float64]:
    """Return (a, k, k) chances of answers: each annotator's counts, drawn towards what is known more surely.

    The pool's accuracy is drawn to `prior_accuracy`, as if `prior_answers` had been seen; an annotator's to
    the pool's; each row of the matrix to that accuracy, with errors in the pattern of the pool's. How many
    golden tasks the pool's accuracy is worth, and the annotator's in each row, is learnt (2 to 128): much
    where all are alike, little where they differ. So one golden task says little, and hundreds say all.

    Parameters
    ----------
    counts
        (a, k, k) of `confusion_counts` on golden tasks.

    Examples
    --------
    >>> nothing = shrunken_confusions(np.zeros((1, 2, 2)), 0.8, 10.0)
    >>> nothing.round(2).tolist()
    [[[0.8, 0.2], [0.2, 0.8]]]
    """
    k = counts.shape[1]
    right = np.trace(counts, axis1=1, axis2=2)
    n = counts.sum(axis=(1, 2))
    of_pool = (right.sum() + prior_answers * prior_accuracy) / (n.sum() + prior_answers)
    pool = _worth(right, n, np.full(len(n), of_pool))
    accuracy = (right + pool * of_pool) / (n + pool)
    errors = counts.sum(axis=0) * (1 - np.eye(k)) + _ERRORS * (1 - np.eye(k)) / (k - 1)
    pattern = errors / errors.sum(axis=1, keepdims=True)
    expected = np.eye(k) * accuracy[:, None, None] + (1 - accuracy)[:, None, None] * pattern
    diagonal = np.diagonal(counts, axis1=1, axis2=2)
    row = _worth(diagonal, counts.sum(axis=2), np.repeat(accuracy[:, None], k, axis=1))
    drawn = (counts + row * expected) / (counts.sum(axis=2, keepdims=True) + row)
    bounded = np.maximum(drawn, _LEAST)
    return np.asarray(bounded / bounded.sum(axis=2, keepdims=True))


def _worth(right: NDArray[np.float64], n: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Return how many answers an expected share of right ones is worth, of beta-binomial counts.

    The geometric mean of `_WORTHS`, each weighed by its likelihood: with no counts that is 16.
    """
    logs = np.array(
        [
            (
                betaln(right + m * expected, n - right + m * (1 - expected))
                - betaln(m * expected, m - m * expected)
            ).sum()
            for m in _WORTHS
        ]
    )
    weights = np.exp(logs - logs.max())
    return float(np.exp(weights @ np.log(_WORTHS) / weights.sum()))


def _class_shares(likelihoods: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (k,) the shares of largest likelihood, from `_SHARES` tasks of each class, by EM."""
    k = likelihoods.shape[1]
    shares = np.full(k, 1.0 / k)
    for _ in range(_ROUNDS if len(likelihoods) else 0):
        found = posterior_of(likelihoods + np.log(shares)).sum(axis=0) + _SHARES
        found /= found.sum()
        if np.abs(found - shares).max() < _SETTLED:
            return np.asarray(found)
        shares = found
    return shares
