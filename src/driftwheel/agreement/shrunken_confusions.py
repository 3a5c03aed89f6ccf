"""Confusion matrices from few answers, drawn towards what is known more surely, in little memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import betaln

from driftwheel.errors import UsageError

__all__ = ["ShrunkenConfusions", "shrink", "shrunken_confusions"]

_WORTHS = np.array([2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0])
_ERRORS = 2.0  # errors of a class, spread evenly, that the pool's pattern of errors begins with
_LEAST = 1e-4  # no answer is taken as less likely than this, whatever golden tasks say
_MOST = 100_000_000  # chances that are held, 800 MB


@dataclass(frozen=True, slots=True, eq=False)
class ShrunkenConfusions:
    """Chances of answers of a annotators over k classes.

    Most mistakes nobody has made: of one annotator and one true class, those have one chance. So the pairs of
    classes that were seen, and each class with itself, are held apart, and the rest is a number a row.

    Attributes
    ----------
    true, named
        (z,) classes of the pairs, by `named` and then by `true`; they include each class with itself.
    chances
        (a, z) chance that an annotator names `named` where `true` is true.
    others
        (a, k) chance of each other name, by the true class.
    """

    true: NDArray[np.intp]
    named: NDArray[np.intp]
    chances: NDArray[np.float64]
    others: NDArray[np.float64]

    def dense(self) -> NDArray[np.float64]:
        """Return (a, k, k) chances: [a, c, l] that annotator a names l where c is true."""
        a, k = self.others.shape
        found = np.repeat(self.others[:, :, None], k, axis=2)
        found[:, self.true, self.named] = self.chances
        return found.reshape(a, k, k)

    def log_likelihoods(
        self, tasks: NDArray[np.intp], who: NDArray[np.intp], named: NDArray[np.intp], n_tasks: int
    ) -> NDArray[np.float64]:
        """Return (n_tasks, k) the logarithm of the chance of each task's answers, by its true class.

        Parameters
        ----------
        tasks, who, named
            (n,) the task and annotator of each answer, and the class that was named.
        """
        a, k = self.others.shape
        logs = np.log(self.others)
        ones = np.ones(len(tasks))
        unseen = csr_array((ones, (tasks, who)), shape=(n_tasks, a)) @ logs
        begun = np.searchsorted(self.named, np.arange(k))
        starts = np.append(np.add.outer(np.arange(a) * len(self.true), begun).ravel(), a * len(self.true))
        more = (np.log(self.chances) - logs[:, self.true]).ravel()
        seen = csr_array((more, np.tile(self.true, a), starts), shape=(a * k, k))
        given = csr_array((ones, (tasks, who * k + named)), shape=(n_tasks, a * k))
        return np.asarray(unseen + (given @ seen).toarray(), dtype=np.float64)


def shrink(  # noqa: PLR0917
    who: NDArray[np.intp],
    true: NDArray[np.intp],
    named: NDArray[np.intp],
    counts: NDArray[np.float64],
    shape: tuple[int, int],
    prior_accuracy: float,
    prior_answers: float,
) -> ShrunkenConfusions:
    """Return the chances of answers from how often each annotator named what: see `shrunken_confusions`.

    Parameters
    ----------
    who, true, named, counts
        (n,) how often an annotator named a class where another was true; one pair may come several times.
    shape
        How many annotators and classes; those without a count are as the pool is.

    Raises
    ------
    UsageError
        For more than 100 million chances.
    """
    a, k = shape
    cells, place = np.unique(np.concatenate([named * k + true, np.arange(k) * (k + 1)]), return_inverse=True)
    z = len(cells)
    if a * z > _MOST:
        raise UsageError(
            f"Confusion matrices of {a} annotators over {k} classes would take {a * z * 8 / 1e9:.1f} GB; "
            "take `majority_vote` with skills as weights, or label in fewer classes at a time."
        )
    of_name, of_true = np.divmod(cells, k)
    same = of_name == of_true
    counted = _summed(who * z + place[: len(who)], counts, (a, z))
    asked = _summed(who * k + true, counts, (a, k))
    diagonal = counted[:, same]
    right, n = diagonal.sum(axis=1), asked.sum(axis=1)
    of_pool = (right.sum() + prior_answers * prior_accuracy) / (n.sum() + prior_answers)
    pool = _worth(right, n, np.full(a, of_pool))
    accuracy = (right + pool * of_pool) / (n + pool)
    errors = np.where(same, 0.0, counted.sum(axis=0))
    in_row = np.bincount(of_true, errors, k) + _ERRORS
    pattern = np.where(same, 0.0, errors + _ERRORS / (k - 1)) / in_row[of_true]
    wrong = (1 - accuracy)[:, None]
    expected = np.where(same, accuracy[:, None], wrong * pattern)
    row = _worth(diagonal, asked, np.repeat(accuracy[:, None], k, axis=1))
    drawn = np.maximum((counted + row * expected) / (asked + row)[:, of_true], _LEAST)
    others = np.maximum(row * wrong * (_ERRORS / (k - 1) / in_row) / (asked + row), _LEAST)
    by_row = np.argsort(of_true, kind="stable")
    sizes = np.bincount(of_true, minlength=k)
    sums = np.add.reduceat(drawn[:, by_row], np.cumsum(sizes) - sizes, axis=1) + (k - sizes) * others
    return ShrunkenConfusions(of_true, of_name, drawn / sums[:, of_true], others / sums)


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
    a, k = counts.shape[:2]
    who, true, named = np.nonzero(counts)
    found = shrink(who, true, named, counts[who, true, named], (a, k), prior_accuracy, prior_answers)
    return found.dense()


def _summed(
    places: NDArray[np.intp], counts: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.float64]:
    return np.bincount(places, counts, shape[0] * shape[1]).astype(np.float64).reshape(shape)


def _worth(right: NDArray[np.float64], n: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Return how many answers an expected share of right ones is worth, of beta-binomial counts.

    The geometric mean of `_WORTHS`, each weighed by its likelihood: with no counts that is 16.
    """
    asked = n > 0  # the others say nothing
    right, n, expected = right[asked], n[asked], expected[asked]
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
