"""The error finder: planted errors come first, and the joint is that of confident learning by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from driftwheel.agreement.error_finder import find_label_errors
from driftwheel.errors import UsageError


@pytest.mark.parametrize("share", [0.03, 0.1])
def test_planted_errors_come_first(share: float) -> None:
    images, truth = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    planted = rng.random(len(truth)) < share
    labels = np.where(planted, (truth + rng.integers(1, 10, size=len(truth))) % 10, truth)
    model = LogisticRegression(C=0.1, max_iter=60, tol=0.01)
    chances = cross_val_predict(model, images / 16, labels, cv=2, method="predict_proba")
    found = find_label_errors(labels, chances)
    n = int(planted.sum())
    assert planted[found.order[: 2 * n]].sum() >= 0.8 * n
    assert found.n_errors == pytest.approx(n, rel=0.6, abs=20)
    caught = planted[found.order[:n]]
    first = found.order[:n][caught]
    assert (found.suggested[first] == truth[first]).mean() > 0.8
    assert planted[found.likely_wrong].mean() > 0.5


def test_the_joint_by_hand() -> None:
    chances = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.1, 0.9], [0.2, 0.8], [0.45, 0.55]])
    labels = np.array([0, 0, 0, 1, 1, 1])
    # thresholds 0.6 and 0.75; counted: 0 as 0 twice, 0 as 1 once, 1 as 1 twice, and the last as neither
    found = find_label_errors(labels, chances)
    assert found.joint == pytest.approx(np.array([[2.0, 1.0], [0.0, 3.0]]))
    assert found.n_errors == pytest.approx(1.0)
    assert found.likely_wrong.tolist() == [False, False, True, False, False, False]
    assert found.order[0] == 2
    assert sorted(found.order.tolist()) == list(range(6))


def test_a_class_the_model_is_shy_of_is_not_suspected_for_that() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=2000)
    right = np.where(truth == 0, 0.95, 0.55) + rng.uniform(-0.04, 0.04, size=2000)
    chances = np.where(truth[:, None] == np.arange(2), right[:, None], 1 - right[:, None])
    labels = truth.copy()
    labels[:20] = 1 - labels[:20]
    found = find_label_errors(labels, chances)
    assert set(found.order[:20].tolist()) == set(range(20))


def test_no_items_and_unused_classes_are_no_error() -> None:
    assert find_label_errors([], np.empty((0, 3))).n_errors == 0
    assert find_label_errors([0, 0], np.array([[0.8, 0.1, 0.1], [0.9, 0.1, 0.0]])).n_errors == 0


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(UsageError, match="numbers ≥ 0 that sum to 1"):
        find_label_errors([0], [[0.7, 0.7]])
    with pytest.raises(UsageError, match="not one of the 2 classes"):
        find_label_errors([2], [[0.5, 0.5]])
    with pytest.raises(UsageError, match="at least two probabilities"):
        find_label_errors([0], [[1.0]])
