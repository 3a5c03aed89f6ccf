import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon

from driftwheel.drift.statistics.jensen_shannon import jensen_shannon, jensen_shannon_columns
from driftwheel.errors import UsageError

counts = hnp.arrays(np.int64, (6,), elements=st.integers(0, 50)).filter(lambda row: row.sum() > 0)


@given(counts, counts)
def test_distance_is_scipys_symmetric_and_bounded(
    first: NDArray[np.int64], second: NDArray[np.int64]
) -> None:
    found = jensen_shannon(first, second)
    known = jensenshannon(first, second, base=2)
    assert found.effect[0] == pytest.approx(np.nan_to_num(known), abs=1e-7)
    assert found.statistic[0] == pytest.approx(jensen_shannon(second, first).statistic[0], abs=1e-12)
    assert 0.0 <= found.statistic[0] <= 1.0


@given(counts, counts, st.integers(0, 4))
def test_joining_bins_never_adds_information(
    first: NDArray[np.int64], second: NDArray[np.int64], place: int
) -> None:
    joined = [np.add.reduceat(row, [i for i in range(6) if i != place + 1]) for row in (first, second)]
    assert jensen_shannon(*joined).statistic[0] <= jensen_shannon(first, second).statistic[0] + 1e-12


def test_expected_value_without_change_is_what_it_says() -> None:
    rng = np.random.default_rng(0)
    shares = np.full(12, 1 / 12)
    found = jensen_shannon(rng.multinomial(1000, shares, size=500), rng.multinomial(100, shares, size=500))
    assert found.statistic.mean() == pytest.approx(found.expected[0], rel=0.08)


def test_raw_columns() -> None:
    reference, current = np.array([[0.0, 5.0, 1.0], [1.0, 5.0, np.nan]]), np.array([[9.0, 5.0, np.nan]])
    found = jensen_shannon_columns(reference, current)
    assert found.statistic[:2].tolist() == [1.0, 0.0]
    assert np.isnan(found.statistic[2])
    assert found.n_reference.tolist() == [2, 2, 1]


def test_one_bin_is_no_comparison() -> None:
    with pytest.raises(UsageError, match="`bins` is 1; expected at least 2"):
        jensen_shannon_columns([[0.0]], [[1.0]], bins=1)
