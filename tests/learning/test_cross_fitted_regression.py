"""Regression at the best penalty: it is the least loss of those tried, and out of fold is out of fold."""

from __future__ import annotations

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.learning.cross_fitted_regression import (
    PENALTIES,
    check_embeddings,
    cross_fitted_regression,
    penalties_near,
)
from driftwheel.learning.softmax_regression import softmax_regression

N, FOLDS = 90, 5
RNG = np.random.default_rng(3)
LABELS = np.arange(N) % 3
POINTS = (np.eye(3)[LABELS] + RNG.normal(0, 0.6, (N, 3))).astype(np.float32)
FOLD = RNG.permutation(N) % FOLDS


def test_what_is_said_of_a_fold_is_that_of_a_regression_without_it() -> None:
    (penalty,) = PENALTIES[2:3]
    found = cross_fitted_regression(POINTS, LABELS, 3, FOLD, penalties=[penalty])
    for part in range(FOLDS):
        its = part == FOLD
        alone = softmax_regression(
            POINTS[~its], LABELS[~its], np.full((int((~its).sum()), 1), 1 / (~its).sum()), 3, penalty=penalty
        )[0]
        np.testing.assert_allclose(found.logits[its], POINTS[its] @ alone[:-1] + alone[-1], atol=2e-3)


def test_of_the_penalties_tried_it_takes_the_one_with_the_least_loss() -> None:
    each = [cross_fitted_regression(POINTS, LABELS, 3, FOLD, penalties=[one]) for one in PENALTIES]
    best = cross_fitted_regression(POINTS, LABELS, 3, FOLD)
    least = min(each, key=lambda one: one.loss)
    assert best.penalty == least.penalty
    assert best.loss == pytest.approx(least.loss, abs=1e-4)
    np.testing.assert_allclose(best.coefficients, least.coefficients, atol=5e-3)


def test_shares_say_how_much_a_row_counts() -> None:
    twice = np.concatenate((np.arange(N), np.arange(0, N, 3)))  # those of the first class again
    shares = np.where(LABELS == 0, 2.0, 1.0)
    weighed = cross_fitted_regression(POINTS, LABELS, 3, FOLD, penalties=[0.01], shares=shares)
    doubled = cross_fitted_regression(POINTS[twice], LABELS[twice], 3, FOLD[twice], penalties=[0.01])
    np.testing.assert_allclose(weighed.coefficients, doubled.coefficients, atol=5e-3)


@pytest.mark.parametrize(
    ("before", "tried"), [(None, PENALTIES), (0.5, PENALTIES), (1e-1, PENALTIES[:2]), (1e-3, PENALTIES[3:6])]
)
def test_near_the_penalty_before(before: float | None, tried: tuple[float, ...]) -> None:
    assert penalties_near(before) == tried


def test_mistakes_are_told() -> None:
    with pytest.raises(UsageError, match="not finite"):
        check_embeddings(np.array([[np.nan]]), 5)
    with pytest.raises(UsageError, match="`folds` is 1; expected at least 2"):
        check_embeddings(np.ones((2, 1)), 1)
    with pytest.raises(UsageError, match="no penalty to try"):
        cross_fitted_regression(POINTS, LABELS, 3, FOLD, penalties=[])
