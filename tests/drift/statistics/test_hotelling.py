"""Hotelling's T²: the square of Student's t in one dimension, its size and power, invariance, failure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwheel.drift.statistics.hotelling import hotelling
from driftwheel.errors import UsageError
from driftwheel.records import Evidence


def from_samples(x: np.ndarray, y: np.ndarray) -> Evidence:
    covariances = np.atleast_2d(np.cov(x.T)), np.atleast_2d(np.cov(y.T))
    return hotelling((x.mean(axis=0), y.mean(axis=0)), covariances, (len(x), len(y)))


@given(st.integers(0, 1000), st.integers(2, 40), st.integers(2, 40))
def test_one_dimension_is_the_t_test(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, 1)), rng.normal(0.3, 1, size=(m, 1))
    found, student = from_samples(x, y), stats.ttest_ind(x[:, 0], y[:, 0])
    assert found.statistic == pytest.approx(float(student.statistic) ** 2)
    assert found.p_value == pytest.approx(float(student.pvalue))


def test_does_not_depend_on_the_axes() -> None:
    rng = np.random.default_rng(0)
    x, y, map_ = rng.normal(size=(60, 4)), rng.normal(0.2, 1, size=(40, 4)), rng.normal(size=(4, 4))
    assert from_samples(x @ map_ + 5, y @ map_ + 5).p_value == pytest.approx(from_samples(x, y).p_value)


def test_false_alarms_and_power() -> None:
    rng = np.random.default_rng(0)
    null = [from_samples(rng.normal(size=(60, 5)), rng.normal(size=(30, 5))).p_value for _ in range(1000)]
    assert 0.035 < np.mean(np.array(null) <= 0.05) < 0.065
    moved = [from_samples(rng.normal(size=(60, 5)), rng.normal(0.6, 1, (30, 5))).p_value for _ in range(100)]
    assert np.mean(np.array(moved) <= 0.05) > 0.95


def test_too_few() -> None:
    eye = np.eye(5)
    with pytest.raises(UsageError, match=r"3 and 3 vectors are too few .* at least 2 each and 7"):
        hotelling((np.zeros(5), np.ones(5)), (eye, eye), (3, 3))
