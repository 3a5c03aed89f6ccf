"""Collusion: annotators who agree more than their confusion matrices explain, because one copies.

Two good annotators agree because both are right; that says nothing. Two who name the same wrong class, task
after task, have a common source. Of each pair the share ρ of tasks is estimated in which one answer is the
other's copy. Hard images make honest people err alike, too: so ρ is held against that of the whole pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import chdtrc

from driftwheel.agreement.class_answers import ClassAnswers, Key, as_golden
from driftwheel.agreement.confusion import confusion_counts, posterior_of
from driftwheel.agreement.rule_event import RuleEvent
from driftwheel.agreement.shrunken_confusions import shrunken_confusions
from driftwheel.errors import UsageError

__all__ = ["CopyingPair", "collusion_events", "copying_pairs"]

_GRID = np.array([0.0, 0.01, 0.02, 0.04, 0.06, 0.08, *np.arange(0.1, 0.96, 0.05), 0.99])
_PRIOR, _PRIOR_ANSWERS = 0.8, 10.0  # accuracy of the pool, before anything is seen
_BLOCK = 2_000_000  # numbers held at once
_ROUNDS = 3  # of fitting the pool's share without the pairs that stand out


@dataclass(frozen=True, slots=True)
class CopyingPair:
    """Two annotators and what their answers to the same tasks say.

    Attributes
    ----------
    annotators
        Keys.
    shared, agreed
        Tasks that both answered, and with the same class.
    expected
        Agreements that their confusion matrices explain.
    copied
        Estimated share of tasks in which one answer is a copy of the other.
    pool
        The same share in the pool at large: what hard images do.
    p_value
        Of a share no larger than the pool's (likelihood ratio, one-sided), times the number of pairs; at
        most 1.
    """

    annotators: tuple[Key, Key]
    shared: int
    agreed: int
    expected: float
    copied: float
    pool: float
    p_value: float


def copying_pairs(
    answers: ClassAnswers,
    posterior: ArrayLike,
    golden: ArrayLike | None = None,
    *,
    least_shared: int = 15,
) -> tuple[CopyingPair, ...]:
    """Return every pair with enough tasks in common, the most suspicious first.

    Confusion matrices are those against the consensus, over all tasks: with golden tasks alone they would be
    too uncertain to tell a good annotator from a copied one. What is true of a task is then judged by the
    answers of the others, by its golden truth if it has one, and by the shares of classes.

    Parameters
    ----------
    posterior
        (t, k) of a consensus that copying hardly touches: of `golden_bayes`.
    golden
        (t,) true classes, −1 elsewhere.
    least_shared
        Pairs with fewer tasks in common are passed over.

    Raises
    ------
    UsageError
        For posteriors or golden tasks that do not fit the answers.

    Notes
    -----
    An answer pair has the chance (1 − ρ) P(x, y) + ρ [x = y] P(x): independent given the true class, or
    copied. That is the "copy" model of X. L. Dong, L. Berti-Equille, D. Srivastava, "Integrating conflicting
    data: the role of source dependence", PVLDB 2 (2009), section 3, with confusion matrices for accuracies.
    Two of a group can be told from about 15 tasks that the others answered too; of tasks that only these two
    answered nothing can be told.
    """
    t, a, k = answers.shape
    believed_of = np.array(posterior, dtype=np.float64)
    if believed_of.shape != (t, k):
        raise UsageError(f"Posteriors of shape {believed_of.shape} do not fit {t} tasks and {k} classes.")
    truth = as_golden(answers, golden)
    believed_of[truth >= 0] = np.eye(k)[truth[truth >= 0]]
    confusions = shrunken_confusions(
        confusion_counts(answers.incidence(), believed_of), _PRIOR, _PRIOR_ANSWERS
    )
    shares = (believed_of.sum(axis=0) + 1.0) / (t + k)
    logs = np.log(np.maximum(confusions, 1e-12))
    spoken = logs[answers.annotators, :, answers.labels]
    summed = np.zeros((t, k))
    np.add.at(summed, answers.tasks, spoken)
    summed += np.log(shares)
    first, second = _answer_pairs(answers)
    names = answers.annotators[first] * a + answers.annotators[second]
    pairs, number, shared = np.unique(names, return_inverse=True, return_counts=True)
    tested = shared >= least_shared
    if not tested.any():
        return ()
    kept = tested[number]
    first, second = first[kept], second[kept]
    pairs, number = np.unique(names[kept], return_inverse=True)
    agree = answers.labels[first] == answers.labels[second]
    ratio, chance = np.zeros(len(first)), np.zeros(len(first))
    step = max(1, _BLOCK // (k * k))
    for start in range(0, len(first), step):
        part = slice(start, start + step)
        one, other = first[part], second[part]
        task = answers.tasks[one]
        believed = posterior_of(summed[task] - spoken[one] - spoken[other])
        known = truth[task] >= 0
        believed[known] = np.eye(k)[truth[task][known]]
        own, others = confusions[answers.annotators[one]], confusions[answers.annotators[other]]
        chance[part] = (believed * (own * others).sum(axis=2)).sum(axis=1)
        said = np.exp(spoken[one])
        alone = (believed * said).sum(axis=1)
        both = (believed * said * np.exp(spoken[other])).sum(axis=1)
        ratio[part] = np.where(agree[part], alone / np.maximum(both, 1e-300), 0.0)
    gains = np.zeros((len(pairs), len(_GRID)))
    for place, copied in enumerate(_GRID):
        of_row = np.log(np.maximum(1 - copied + copied * ratio, 1e-300))
        gains[:, place] = np.bincount(number, weights=of_row, minlength=len(pairs))
    pool, p_values = _against_the_pool(gains)
    tasks = np.bincount(number)
    agreed = np.bincount(number, weights=agree)
    expected = np.bincount(number, weights=chance)
    found = [
        CopyingPair(
            (answers.annotator_keys[name // a], answers.annotator_keys[name % a]),
            int(tasks[i]),
            int(agreed[i]),
            float(expected[i]),
            float(_GRID[gains[i].argmax()]),
            pool,
            float(p_values[i]),
        )
        for i, name in enumerate(pairs)
    ]
    return tuple(sorted(found, key=lambda one: (one.p_value, -one.copied)))


def collusion_events(
    pairs: Sequence[CopyingPair], *, chance: float = 0.001, least_copied: float = 0.2
) -> tuple[RuleEvent, ...]:
    """Return an event for each group of annotators that hang together by copying.

    A pause: who copied from whom cannot be told from answers, and people may sit at one desk.

    Parameters
    ----------
    pairs
        Of `copying_pairs`.
    chance
        Of a wrong event in a pool of honest annotators, about, where the model holds.
    least_copied
        Pairs that copy less than this more than the pool are let be.

    Examples
    --------
    >>> pair = CopyingPair(("ann", "bob"), 80, 75, 58.0, 0.7, 0.02, 1e-9)
    >>> print(collusion_events([pair])[0].reason)
    2 annotators gave 80 tasks the same class 75 times; their skills explain 58: about 70 % are copies.
    """
    close = [one for one in pairs if one.p_value <= chance and one.copied >= one.pool + least_copied]
    keys: list[Key] = list(dict.fromkeys(key for one in close for key in one.annotators))
    if not keys:
        return ()
    places = {key: place for place, key in enumerate(keys)}
    ends = np.array([[places[key] for key in one.annotators] for one in close])
    table = csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(keys), len(keys)))
    n_groups, groups = connected_components(table, directed=False)
    events = []
    for group in range(n_groups):
        own = [one for one in close if groups[places[one.annotators[0]]] == group]
        who = tuple(key for key in keys if groups[places[key]] == group)
        shared, agreed = sum(one.shared for one in own), sum(one.agreed for one in own)
        expected = sum(one.expected for one in own)
        copied = sum(one.copied * one.shared for one in own) / shared
        reason = (
            f"{len(who)} annotators gave {shared} tasks the same class {agreed} times; their skills explain "
            f"{expected:.0f}: about {100 * copied:.0f} % are copies."
        )
        numbers = {"shared": shared, "agreed": agreed, "expected": expected, "copied": copied}
        numbers["p_value"] = min(one.p_value for one in own)
        events.append(RuleEvent("collusion", who, "pause", reason, numbers))
    return tuple(events)


def _against_the_pool(gains: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the pool's share of copies, and of each pair the corrected p-value of one no larger."""
    inside = np.ones(len(gains), dtype=np.bool_)
    p_values = np.ones(len(gains))
    pool = 0
    for _ in range(_ROUNDS):
        pool = int(gains[inside].sum(axis=0).argmax()) if inside.any() else 0
        best = gains.argmax(axis=1)
        gained = np.where(best > pool, gains.max(axis=1) - gains[:, pool], 0.0)
        p_values = np.minimum(1.0, np.where(gained > 0, chdtrc(1, 2 * gained) / 2, 1.0) * len(gains))
        inside = p_values > 0.01
    return float(_GRID[pool]), p_values


def _answer_pairs(answers: ClassAnswers) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows of each two answers to one task, the annotator with the lower number first."""
    order = np.lexsort((answers.annotators, answers.tasks))
    tasks = answers.tasks[order]
    firsts, seconds = [], []
    gap = 1
    while (same := np.flatnonzero(tasks[gap:] == tasks[:-gap])).size:
        firsts.append(order[same])
        seconds.append(order[same + gap])
        gap += 1
    empty = np.empty(0, np.intp)
    return np.concatenate([empty, *firsts]), np.concatenate([empty, *seconds])
