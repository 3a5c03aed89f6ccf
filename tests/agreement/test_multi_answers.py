"""Sets of classes: each class by itself, known answers, and a crowd."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from driftwheel.agreement.golden_bayes import golden_bayes
from driftwheel.agreement.multi_answers import (
    MultiAnswer,
    golden_sets,
    multi_alpha,
    multi_answers,
    multi_consensus,
)
from driftwheel.errors import UsageError

CLASSES = ["x", "y", "z"]


def test_each_class_is_a_question_of_its_own() -> None:
    told = [
        MultiAnswer("t", "a", frozenset("xy"), 1.0),
        MultiAnswer("t", "a", frozenset("x"), 2.0),
        MultiAnswer("t", "b", frozenset()),
    ]
    found = multi_answers(told, CLASSES, tasks=["s"])
    assert found.chosen.tolist() == [[False] * 3, [True, False, False]] or found.chosen.tolist() == [
        [True, False, False],
        [False] * 3,
    ]
    one = golden_bayes(found.of_class(0), prior_accuracy=0.9).consensus.posterior[:, 1]
    assert multi_consensus(found).probability[:, 0] == pytest.approx(one)
    assert multi_consensus(found).confidence[0] == 0.0
    assert multi_consensus(found).n_answers.tolist() == [0, 2]


def test_a_crowd_of_sets_is_weighed_by_golden_tasks() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((1200, 3)) < [0.5, 0.2, 0.05]
    miss, add = np.array([0.05] * 4 + [0.6] * 3), np.array([0.03] * 4 + [0.3] * 3)
    told = []
    for task in range(1200):
        for who in rng.permutation(7)[:3]:
            flip = rng.random(3) < np.where(truth[task], miss[who], add[who])
            said = frozenset(name for name, one in zip(CLASSES, truth[task] ^ flip, strict=True) if one)
            told.append(MultiAnswer(task, int(who), said))
    given = multi_answers(told, CLASSES, tasks=range(1200))
    golden = golden_sets(
        given, {t: [c for c, one in zip(CLASSES, truth[t], strict=True) if one] for t in range(150)}
    )
    found = multi_consensus(given, golden)
    real = np.arange(1200) >= 150
    right = (found.present == truth).all(axis=1)[real]
    votes = np.zeros((1200, 3))
    np.add.at(votes, given.frame.tasks, given.chosen)
    counted = ((votes >= 2) == truth).all(axis=1)[real]
    assert right.mean() > counted.mean() + 0.05
    assert found.confidence[real].mean() == pytest.approx(right.mean(), abs=0.05)


def test_alpha_of_sets() -> None:
    rng = np.random.default_rng(0)
    same = [MultiAnswer(t, who, frozenset(CLASSES[t % 3])) for t in range(30) for who in range(2)]
    found = multi_alpha(multi_answers(same, CLASSES), rng, draws=20)
    assert found.alpha == 1.0
    loose = [replace(one, labels=frozenset(rng.choice(CLASSES, 1 + one.task % 2))) for one in same]
    assert abs(multi_alpha(multi_answers(loose, CLASSES), rng, draws=20).alpha) < 0.3


def test_what_does_not_fit_is_refused() -> None:
    given = multi_answers([MultiAnswer("t", "a", frozenset("x"))], CLASSES)
    with pytest.raises(UsageError, match="class 'w', which the project has not"):
        multi_answers([MultiAnswer("t", "a", frozenset("w"))], CLASSES)
    with pytest.raises(UsageError, match="golden task is of 'w'"):
        golden_sets(given, {"t": ["w"]})
    with pytest.raises(UsageError, match=r"shape \(2, 3\); expected \(1, 3\)"):
        multi_consensus(given, np.zeros((2, 3)))
    with pytest.raises(UsageError, match="a row an answer and a column a class"):
        replace(given, chosen=np.zeros((2, 3), np.bool_))
