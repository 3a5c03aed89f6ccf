"""Golden-weighted Bayes: posteriors from what golden tasks say of each annotator. The default aggregation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.agreement.class_answers import ClassAnswers, as_golden
from driftwheel.agreement.confusion import posterior_of
from driftwheel.agreement.consensus import Consensus, consensus_of
from driftwheel.agreement.shrunken_confusions import ShrunkenConfusions, shrink
from driftwheel.errors import UsageError

__all__ = ["GoldenBayes", "golden_bayes", "task_posterior"]

_FOLDS = 10  # a golden task's own posterior is made without the tenth of golden tasks that it is in
_SHARES = 2.0  # tasks of each class that the shares begin with
_ROUNDS, _SETTLED = 200, 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class GoldenBayes:
    """The consensus, and what it was weighed by.

    Attributes
    ----------
    consensus
        Of golden tasks too, as if their truth were not known: fit to calibrate confidence on.
    weights
        Of the a annotators, and last of one who has answered no golden task.
    class_shares
        (k,) estimated share of each class among tasks that are not golden.
    n_golden
        (a,) golden tasks that each annotator answered.
    """

    consensus: Consensus
    weights: ShrunkenConfusions
    class_shares: NDArray[np.float64]
    n_golden: NDArray[np.intp]

    @property
    def confusions(self) -> NDArray[np.float64]:
        """(a, k, k) chances; [a, c, l] that annotator a names l where c is true."""
        return self.weights.dense()[:-1]


def golden_bayes(
    answers: ClassAnswers,
    golden: ArrayLike | None = None,
    *,
    prior_accuracy: float = 0.8,
    prior_answers: float = 10.0,
) -> GoldenBayes:
    """Return the posterior of each task's class, its annotators weighed by their answers to golden tasks.

    Answers are independent given the true class, with confusion matrices from golden tasks alone
    (`driftwheel.agreement.shrunken_confusions`), so that annotators who agree with each other gain nothing by
    it. The classes' shares are those of largest likelihood over the tasks that are not golden, since golden
    tasks are chosen in a mix of their own.

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
    t, a, k = answers.shape
    if not 1 / k < prior_accuracy < 1 or not prior_answers > 0:
        raise UsageError(
            f"The prior is an accuracy of {prior_accuracy:g} worth {prior_answers:g} answers; expected one "
            f"above that of guessing, {1 / k:.2g}, and below 1, worth more than 0 answers."
        )
    truth = as_golden(answers, golden)
    known = truth >= 0
    told = answers.take(known[answers.tasks])

    def learnt(rows: NDArray[np.bool_]) -> ShrunkenConfusions:
        counted = told.take(rows)
        ones, shape = np.ones(len(counted)), (a + 1, k)
        of = (counted.annotators, truth[counted.tasks], counted.labels)
        return shrink(*of, ones, shape, prior_accuracy, prior_answers)

    drawn = learnt(np.ones(len(told), np.bool_))
    likelihoods = drawn.log_likelihoods(answers.tasks, answers.annotators, answers.labels, t)
    answered = np.bincount(answers.tasks, minlength=t) > 0
    shares = _class_shares(likelihoods[answered & ~known])
    posterior = posterior_of(likelihoods + np.log(shares))
    judged = np.flatnonzero(known & answered)
    mix = np.bincount(truth[known], minlength=k) + _SHARES
    place = np.full(t, -1)
    for fold in range(min(_FOLDS, len(judged))):
        part = judged[fold::_FOLDS]
        place[:] = -1
        place[part] = np.arange(len(part))
        own = place[told.tasks]
        mine = told.take(own >= 0)
        scores = learnt(own < 0).log_likelihoods(own[own >= 0], mine.annotators, mine.labels, len(part))
        posterior[part] = posterior_of(scores + np.log(mix - np.bincount(truth[part], minlength=k)))
    found = consensus_of(answers, posterior, "golden_bayes")
    return GoldenBayes(found, drawn, shares, np.bincount(told.annotators, minlength=a))


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
    people, k = found.weights.others.shape
    a = people - 1
    if who.shape != named.shape or who.ndim != 1:
        raise UsageError(
            f"Annotators of shape {who.shape} and labels of shape {named.shape}; expected columns."
        )
    if len(who) and not (who.min() >= -1 and who.max() < a and named.min() >= 0 and named.max() < k):
        raise UsageError(
            f"An answer is of an annotator beyond {a} or a class beyond {k}; numbers begin at 0."
        )
    scores = found.weights.log_likelihoods(np.zeros(len(who), np.intp), who % people, named, 1)
    return np.asarray(posterior_of(np.log(found.class_shares) + scores)[0])


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
