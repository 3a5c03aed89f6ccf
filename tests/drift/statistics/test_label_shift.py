"""Label shift: χ² as scipy has it under every permutation, sparse and empty classes, images without class."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from driftwheel.drift.statistics.label_shift import label_shift, predicted_classes
from driftwheel.drift.statistics.permutations import draw_labels
from driftwheel.errors import UsageError


def test_every_statistic_is_that_of_scipy_and_images_without_a_class_are_left_out() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, size=60)
    codes[[3, 50]] = -1
    labels = draw_labels(35, 25, 20, rng)
    found = label_shift(codes[:35], codes[35:], 6, labels)
    sides = [(np.arange(60) < 35), *labels]
    for side, statistic in zip(sides, [found.observed, *found.null], strict=True):
        counts = [[np.sum(codes[which] == code) for code in range(4)] for which in (side, ~side)]
        assert statistic == pytest.approx(stats.chi2_contingency(counts, correction=False).statistic)
    assert found.reference_counts.sum() == 34
    assert found.current_counts.sum() == 24
    assert (found.class_p_values[4:] == 1.0).all()


def test_a_class_that_is_empty_in_the_reference_counts_in_full() -> None:
    rng = np.random.default_rng(1)
    reference, current = rng.integers(0, 3, size=200), rng.integers(0, 3, size=50)
    current[:10] = 3
    found = label_shift(reference, current, 4, draw_labels(200, 50, 499, rng))
    assert found.p_value() == 1 / 500
    assert int(found.class_p_values.argmin()) == 3


def test_one_class_only_says_nothing() -> None:
    labels = draw_labels(30, 20, 50, np.random.default_rng(2))
    found = label_shift(np.zeros(30, int), np.zeros(20, int), 2, labels)
    assert (found.observed, found.p_value()) == (0.0, 1.0)
    assert found.class_p_values.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("n", "classes"), [(20, 30), (100, 5)])
def test_false_alarm_rate_with_sparse_classes_and_power(
    n: int, classes: int, honest: Callable[[int, int, float], bool]
) -> None:
    rng = np.random.default_rng(n)
    shares = rng.dirichlet(np.full(classes, 0.5))  # most classes are rare
    moved = 0.5 * shares + 0.5 * np.eye(classes)[int(shares.argmin())]
    alarms = found = named = 0
    for _ in range(400):
        reference, labels = rng.choice(classes, p=shares, size=150), draw_labels(150, n, 99, rng)
        same = label_shift(reference, rng.choice(classes, p=shares, size=n), classes, labels)
        other = label_shift(reference, rng.choice(classes, p=moved, size=n), classes, labels)
        alarms += same.p_value() <= 0.05
        named += bool(same.class_p_values.min() <= 0.05)
        found += other.p_value() <= 0.05
    assert honest(alarms, 400, 0.05)
    assert honest(named, 400, 0.05)
    assert found > 0.95 * 400


def test_a_class_number_too_large_is_refused() -> None:
    with pytest.raises(UsageError, match="class number 4; with 4 classes the last is 3"):
        label_shift(np.array([0, 4]), np.array([1]), 4, draw_labels(2, 1, 3, np.random.default_rng(0)))


def test_the_predicted_class_is_the_first_of_the_largest() -> None:
    scores = np.array([[0.1, 0.9], [0.5, 0.5], [np.nan, 1.0]])
    assert predicted_classes(scores).tolist() == [1, 0, -1]
    assert predicted_classes(np.empty((2, 0))).tolist() == [-1, -1]
