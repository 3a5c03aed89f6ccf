from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from driftwheel.errors import UsageError
from driftwheel.performance.area_under_roc import area_under_roc, macro_area


def counts(scores: np.ndarray, bins: int = 64) -> np.ndarray:
    return np.bincount(np.minimum((scores * bins).astype(int), bins - 1), minlength=bins)


def test_the_area_is_that_of_scikit_learn_with_ties() -> None:
    rng = np.random.default_rng(0)
    no, yes = rng.beta(2, 3, 300), rng.beta(3, 2, 150)
    binned = np.floor(np.concatenate([no, yes]) * 64)
    expected = roc_auc_score([0] * 300 + [1] * 150, binned)
    assert area_under_roc(counts(no), counts(yes)).value == pytest.approx(expected)


def test_the_interval_holds_the_area() -> None:
    rng = np.random.default_rng(1)
    large = area_under_roc(counts(rng.beta(2, 4, 10**6)), counts(rng.beta(3, 2, 10**6))).value
    found = [area_under_roc(counts(rng.beta(2, 4, 60)), counts(rng.beta(3, 2, 40))) for _ in range(300)]
    assert 0.85 <= np.mean([one.low <= large <= one.high for one in found]) <= 0.97


def test_scores_that_are_apart_and_none() -> None:
    found = area_under_roc([9, 0], [0, 9])
    assert found.value == found.high == 1.0
    assert 0.6 < found.low < 0.99
    assert area_under_roc([9, 0], [0, 0]).value is None
    with pytest.raises(UsageError, match="same bins"):
        area_under_roc([1, 2], [1])


def test_of_more_classes_the_mean_against_the_rest() -> None:
    rng = np.random.default_rng(2)
    truth = rng.integers(3, size=400)
    scores = rng.dirichlet(np.ones(3), size=400) * 0.6 + 0.4 * np.eye(3)[truth]
    binned = np.floor(scores * 64) / 64
    expected = np.mean([roc_auc_score(truth == one, binned[:, one]) for one in range(3)])
    roc = {
        str(one): np.array([counts(binned[truth != one, one]), counts(binned[truth == one, one])])
        for one in range(3)
    }
    assert macro_area(roc).value == pytest.approx(expected)
