import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from driftwheel.drift.statistics.mann_whitney import area_under_curve, mann_whitney

Floats = NDArray[np.float64]
samples = hnp.arrays(np.float64, st.integers(1, 25), elements=st.integers(-5, 5).map(float))


@pytest.mark.parametrize(("n", "m"), [(3, 4), (8, 8), (15, 20), (1, 5), (20, 20), (40, 60)])
def test_p_value_is_scipys(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    reference, current = rng.normal(size=n), rng.normal(0.7, 1.0, size=m)
    known = stats.mannwhitneyu(current, reference, method="exact" if n * m <= 400 else "asymptotic")
    found = mann_whitney(reference, current)
    assert found.statistic == pytest.approx(known.statistic / (n * m))
    assert found.p_value == pytest.approx(known.pvalue, rel=1e-9)


def test_ties_are_scipys() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.integers(0, 4, size=30), rng.integers(1, 5, size=25)
    known = stats.mannwhitneyu(current, reference, method="asymptotic")
    assert mann_whitney(reference, current).p_value == pytest.approx(known.pvalue)


@given(samples, samples)
def test_swapping_turns_the_effect_round(reference: Floats, current: Floats) -> None:
    found, swapped = mann_whitney(reference, current), mann_whitney(current, reference)
    assert swapped.effect == pytest.approx(-found.effect)
    assert swapped.p_value == pytest.approx(found.p_value)
    pairs = np.sign(current[:, None] - reference)
    assert found.statistic == pytest.approx((pairs.mean() + 1) / 2)
    assert area_under_curve(np.sort(reference), np.sort(current)) == pytest.approx(found.statistic)


def test_constants_and_nothing() -> None:
    assert mann_whitney([1.0] * 30, [1.0] * 30).p_value == 1.0
    assert mann_whitney([], [1.0]).p_value == 1.0
    assert np.isnan(mann_whitney([], [1.0]).statistic)
