from collections.abc import Callable

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from driftwheel.drift.statistics.kolmogorov_smirnov import (
    kolmogorov_smirnov,
    kolmogorov_smirnov_columns,
    kolmogorov_smirnov_from_histograms,
)
from driftwheel.errors import UsageError

Floats = NDArray[np.float64]
numbers = st.floats(-1e6, 1e6, allow_subnormal=False) | st.integers(-3, 3).map(float)
samples = hnp.arrays(np.float64, st.integers(2, 40), elements=numbers)


@given(samples, samples)
def test_statistic_is_scipys(reference: Floats, current: Floats) -> None:
    known = stats.ks_2samp(reference, current, method="asymp").statistic
    assert kolmogorov_smirnov(reference, current).statistic == pytest.approx(known, abs=1e-12)


@given(samples, samples)
def test_symmetric_blind_to_order_and_to_growing_transforms(reference: Floats, current: Floats) -> None:
    found = kolmogorov_smirnov(reference, current)
    swapped = kolmogorov_smirnov(current[::-1], reference[::-1])
    assert swapped.statistic == pytest.approx(found.statistic, abs=1e-12)
    assert swapped.p_value == pytest.approx(found.p_value, rel=1e-9)
    stretched = kolmogorov_smirnov(reference * 8.0, current * 8.0)  # exact in binary, so ties stay ties
    assert stretched.statistic == found.statistic
    assert found.p_value is not None
    assert 0.0 < found.p_value <= 1.0


@given(samples, samples)
def test_columns_agree_with_the_single_test(reference: Floats, current: Floats) -> None:
    tables = [np.stack((sample, -sample), axis=1) for sample in (reference, current)]
    found = kolmogorov_smirnov_columns(*tables)
    single = kolmogorov_smirnov(reference, current)
    assert found.statistic == pytest.approx([single.statistic] * 2, abs=1e-12)
    assert (found.p_value >= single.p_value * (1 - 1e-9)).all()  # ties: too large, never too small


def test_columns_of_float32_with_undefined_values() -> None:
    rng = np.random.default_rng(1)
    reference, current = (rng.normal(size=(size, 5)).astype(np.float32) for size in (300, 200))
    reference[:50, 1] = np.nan
    current[:150, 2] = np.inf
    current[:, 3] = np.nan
    found = kolmogorov_smirnov_columns(reference, current)
    for column in (0, 1, 2, 4):
        single = kolmogorov_smirnov(reference[:, column], current[:, column])
        known = stats.ks_2samp(
            *(t[np.isfinite(t[:, column]), column] for t in (reference, current)), method="asymp"
        )
        assert found.statistic[column] == pytest.approx(single.statistic, abs=1e-12)
        assert found.statistic[column] == pytest.approx(known.statistic, abs=1e-12)
    assert found.n_reference.tolist() == [300, 250, 300, 300, 300]
    assert found.n_current.tolist() == [200, 200, 50, 0, 200]
    assert np.isnan(found.statistic[3])
    assert found.p_value[3] == 1.0


@given(
    hnp.arrays(np.int64, (40,), elements=st.integers(0, 99)),
    hnp.arrays(np.int64, (25,), elements=st.integers(0, 99)),
    st.sampled_from([2, 5, 10, 100]),
)
def test_the_exact_statistic_lies_in_the_histograms_interval(
    reference: NDArray[np.int64], current: NDArray[np.int64], bins: int
) -> None:
    width = 100 // bins
    counts = [np.bincount(sample // width, minlength=bins) for sample in (reference, current)]
    found = kolmogorov_smirnov_from_histograms(*counts)
    exact = kolmogorov_smirnov(reference, current).statistic
    assert found.statistic[0] <= exact + 1e-12
    assert exact <= found.statistic[0] + found.error[0] + 1e-12
    assert found.error[0] <= max((count / count.sum()).max() for count in counts) + 1e-12
    assert found.p_value[0] >= kolmogorov_smirnov(reference, current).p_value * (1 - 1e-9)


def test_histograms_without_counts() -> None:
    found = kolmogorov_smirnov_from_histograms([[0, 0], [1, 2]], [[1, 1], [1, 2]])
    assert np.isnan(found.statistic[0])
    assert np.isnan(found.error[0])
    assert found.p_value.tolist() == [1.0, 1.0]


def test_nothing_left_is_no_evidence() -> None:
    found = kolmogorov_smirnov([np.nan, np.nan], [1.0, 2.0])
    assert np.isnan(found.statistic)
    assert (found.p_value, found.n_reference, found.n_current) == (1.0, 0, 2)


def test_a_table_is_refused() -> None:
    with pytest.raises(UsageError, match="expected one column of values"):
        kolmogorov_smirnov(np.zeros((3, 2)), [1.0])


@pytest.mark.parametrize("n", [20, 200])
@pytest.mark.parametrize("digits", [None, 0, -1])
def test_false_alarm_rate(n: int, digits: int | None, honest: Callable[[int, int, float], bool]) -> None:
    rng = np.random.default_rng(n)
    alarms = 0
    for _ in range(200):
        reference, current = rng.normal(0.0, 4.0, size=2 * n), rng.normal(0.0, 4.0, size=n)
        if digits is not None:
            reference, current = np.round(reference, digits), np.round(current, digits)
        p_value = kolmogorov_smirnov(reference, current).p_value
        assert p_value is not None
        alarms += p_value <= 0.05
    assert honest(alarms, 200, 0.05)


def test_power() -> None:
    rng = np.random.default_rng(0)
    found = [
        kolmogorov_smirnov(rng.normal(size=500), rng.normal(0.6, 1.0, size=50)).p_value for _ in range(100)
    ]
    assert np.mean(np.array(found) <= 0.05) > 0.85
