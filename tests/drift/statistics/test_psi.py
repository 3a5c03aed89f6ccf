import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftwheel.drift.statistics.psi import psi, psi_columns, psi_from_histograms
from driftwheel.errors import UsageError

counts = hnp.arrays(np.int64, (5,), elements=st.integers(0, 200)).filter(lambda row: row.sum() > 0)


def test_many_counts_give_the_textbook_value() -> None:
    first, second = np.array([0.5, 0.3, 0.2]), np.array([0.3, 0.3, 0.4])
    known = np.sum((first - second) * np.log(first / second))
    found = psi(np.rint(first * 1e8).astype(int), np.rint(second * 1e8).astype(int))
    assert found.statistic[0] == pytest.approx(known, rel=1e-6)


@given(counts, counts)
def test_symmetric_finite_and_blind_to_the_order_of_bins(
    first: NDArray[np.int64], second: NDArray[np.int64]
) -> None:
    found = psi(first, second).statistic[0]
    assert np.isfinite(found)
    assert found >= 0.0
    assert psi(second[::-1], first[::-1]).statistic[0] == pytest.approx(found, abs=1e-12)
    wider = psi(np.append(first, 0), np.append(second, 0))
    assert wider.statistic[0] == pytest.approx(found, abs=1e-12)  # a bin empty on both sides is not there


@pytest.mark.parametrize("n", [50, 100, 1000])
def test_expected_value_without_change_is_what_it_says(n: int) -> None:
    rng = np.random.default_rng(n)
    reference = rng.normal(size=(10_000, 1))
    found = [psi_columns(reference, rng.normal(size=(n, 1))) for _ in range(150)]
    mean = np.mean([one.statistic[0] for one in found])
    assert found[0].expected[0] == pytest.approx(9 * (1 / 10_000 + 1 / n))
    assert mean == pytest.approx(found[0].expected[0], rel=0.2)
    if n == 50:  # the folklore threshold is wrong here, and `effect` takes out what is expected
        assert np.mean([one.statistic[0] > 0.1 for one in found]) > 0.6
        assert np.mean([one.effect[0] > 0.1 for one in found]) < 0.2


@given(hnp.arrays(np.float64, st.integers(10, 60), elements=st.integers(-4, 4).map(float)))
def test_tied_values_lie_in_bins_of_about_equal_share_or_alone(reference: NDArray[np.float64]) -> None:
    found = psi_columns(reference[:, None], reference[:, None])
    assert found.statistic[0] == 0.0
    assert found.bins[0] <= np.unique(reference).size


def test_a_constant_column_sees_values_on_both_sides() -> None:
    reference = np.full((100, 1), 8.0)
    assert psi_columns(reference, np.full((50, 1), 8.0)).statistic[0] == 0.0
    below, above = (psi_columns(reference, np.full((50, 1), value)) for value in (7.0, 9.0))
    assert below.statistic[0] > 3
    assert above.statistic[0] == pytest.approx(below.statistic[0])


def test_from_fine_histograms_it_is_nearly_that_of_quantile_bins() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.gamma(2.0, 1.0, size=5000), rng.gamma(3.0, 1.0, size=2000)
    edges = np.linspace(0, 30, 513)
    fine = [np.histogram(sample, edges)[0] for sample in (reference, current)]
    raw = psi_columns(reference[:, None], current[:, None]).statistic[0]
    assert psi_from_histograms(*fine).statistic[0] == pytest.approx(raw, rel=0.05)
    assert psi_from_histograms(*fine).bins[0] == 10


def test_nothing_left() -> None:
    found = psi_columns(np.array([[np.nan, 1.0]]), np.array([[1.0, np.nan]]))
    assert np.isnan(found.statistic).all()
    assert np.isnan(found.effect).all()
    assert found.n_reference.tolist() == [0, 1]


def test_one_bin_is_no_comparison() -> None:
    with pytest.raises(UsageError, match="`bins` is 1; expected at least 2, usually 10"):
        psi_columns([[0.0]], [[1.0]], bins=1)
