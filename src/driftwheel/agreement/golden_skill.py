"""The skill of an annotator: the share of golden tasks answered right, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from driftwheel.agreement.class_answers import ClassAnswers, Key, as_golden
from driftwheel.errors import UsageError

__all__ = ["Skill", "golden_results", "golden_skills", "skill_of"]


@dataclass(frozen=True, slots=True)
class Skill:
    """How often an annotator answers golden tasks right.

    Attributes
    ----------
    annotator
        Key.
    right, n
        Golden tasks answered right, and answered.
    share
        right / n; NaN before the first.
    low, high
        The exact (Clopper-Pearson) 95 % interval of the share; (0, 1) before the first.
    by_class
        (k, 2) right and answered, by true class.
    """

    annotator: Key
    right: int
    n: int
    share: float
    low: float
    high: float
    by_class: tuple[tuple[int, int], ...] = ()


def skill_of(right: int, n: int, annotator: Key = "", *, level: float = 0.95) -> Skill:
    """Return the skill that `right` of `n` golden tasks show, with the exact interval of the binomial.

    The interval holds the true share with at least `level`, for every n: each end leaves out at most half of
    the rest.

    Raises
    ------
    UsageError
        Unless 0 ≤ right ≤ n and 0 < level < 1.

    References
    ----------
    C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26 (1934).

    Examples
    --------
    >>> known = skill_of(9, 10)
    >>> round(known.low, 3), round(known.high, 3)
    (0.555, 0.997)
    """
    if not 0 <= right <= n or not 0 < level < 1:
        raise UsageError(
            f"{right} of {n} right at level {level:g}: expected 0 ≤ right ≤ n and 0 < level < 1."
        )
    tail = (1 - level) / 2
    low = float(betaincinv(right, n - right + 1, tail)) if right else 0.0
    high = float(betaincinv(right + 1, n - right, 1 - tail)) if right < n else 1.0
    return Skill(annotator, right, n, right / n if n else float("nan"), low, high)


def golden_skills(answers: ClassAnswers, golden: ArrayLike) -> tuple[Skill, ...]:
    """Return the skill of each annotator, in the order of `answers.annotator_keys`.

    Parameters
    ----------
    golden
        (t,) true class of golden tasks, −1 elsewhere.
    """
    truth = as_golden(answers, golden)[answers.tasks]
    _, a, k = answers.shape
    rows = truth >= 0
    place = answers.annotators[rows] * k + truth[rows]
    n = np.bincount(place, minlength=a * k).reshape(a, k)
    right = np.bincount(place, weights=answers.labels[rows] == truth[rows], minlength=a * k).reshape(a, k)
    skills = []
    for key, r, m in zip(answers.annotator_keys, right.astype(np.intp), n, strict=True):
        one = skill_of(int(r.sum()), int(m.sum()), key)
        pairs = tuple((int(x), int(y)) for x, y in zip(r, m, strict=True))
        skills.append(Skill(key, one.right, one.n, one.share, one.low, one.high, pairs))
    return tuple(skills)


def golden_results(answers: ClassAnswers, golden: ArrayLike, annotator: Key) -> NDArray[np.bool_]:
    """Return whether each golden task of an annotator was answered right, in the order of time.

    Raises
    ------
    UsageError
        For an annotator that the answers do not know.
    """
    if annotator not in answers.annotator_keys:
        raise UsageError(f"There is no annotator '{annotator}' among the {answers.shape[1]} of the answers.")
    truth = as_golden(answers, golden)[answers.tasks]
    rows = np.flatnonzero((answers.annotators == answers.annotator_keys.index(annotator)) & (truth >= 0))
    rows = rows[np.argsort(answers.times[rows], kind="stable")]
    right: NDArray[np.bool_] = answers.labels[rows] == truth[rows]
    return right
