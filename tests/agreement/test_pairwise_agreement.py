"""Pairwise agreement: scikit-learn's κ as oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from driftwheel.agreement.class_answers import Answer, class_answers
from driftwheel.agreement.pairwise_agreement import pairwise_agreement


def test_kappa_is_that_of_scikit_learn(crowds: Any) -> None:
    rng = np.random.default_rng(0)
    crowd = crowds.make_crowd(rng, {"good": 2, "sloppy": 2, "random": 1}, 3)
    said = crowds.answer_all(rng, crowd, rng.integers(3, size=200))
    answers = crowds.assigned(rng, said, 3, crowd)
    found = pairwise_agreement(answers)
    for i in range(5):
        for j in range(i):
            both = np.intersect1d(
                answers.tasks[answers.annotators == i], answers.tasks[answers.annotators == j]
            )
            assert found.shared[i, j] == len(both)
            assert found.share[i, j] == pytest.approx((said[both, i] == said[both, j]).mean())
            assert found.kappa[i, j] == pytest.approx(cohen_kappa_score(said[both, i], said[both, j]))
    assert (found.shared == found.shared.T).all()
    assert found.kappa == pytest.approx(found.kappa.T, nan_ok=True)


def test_who_shares_nothing_has_no_agreement() -> None:
    found = pairwise_agreement(class_answers([Answer(1, "x", "a"), Answer(2, "y", "a")], ["a", "b"]))
    assert np.isnan(found.share[0, 1])
    assert np.isnan(found.kappa[0, 1])
