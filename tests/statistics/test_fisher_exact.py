"""Fisher's exact test: scipy's as oracle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwheel.statistics.fisher_exact import fisher_exact


@given(st.data(), st.integers(1, 2000), st.integers(1, 2000))
def test_it_is_that_of_scipy(data: st.DataObject, n: int, other_n: int) -> None:
    hits, other = data.draw(st.integers(0, n)), data.draw(st.integers(0, other_n))
    table = [[hits, n - hits], [other, other_n - other]]
    expected = stats.fisher_exact(table, alternative="greater").pvalue
    assert fisher_exact(hits, n, other, other_n) == pytest.approx(expected, rel=1e-8, abs=1e-300)


def test_no_hits_at_all_are_no_surprise() -> None:
    assert fisher_exact(0, 50, 0, 400) == 1.0
