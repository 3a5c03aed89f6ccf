from collections.abc import Callable

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from driftwheel.drift.statistics import likelihood_ratio_permutations as module
from driftwheel.drift.statistics.kolmogorov_smirnov_permutations import kolmogorov_smirnov_permutations
from driftwheel.drift.statistics.likelihood_ratio_permutations import likelihood_ratio_permutations
from driftwheel.drift.statistics.permutations import draw_labels
from driftwheel.errors import UsageError

values = st.floats(-100, 100) | st.integers(0, 3).map(float) | st.just(float("nan"))


def by_hand(reference: NDArray[np.float64], current: NDArray[np.float64]) -> float:
    """Half of scipy's G over every cut of the pooled values."""
    a, b = reference[~np.isnan(reference)], current[~np.isnan(current)]
    largest = 0.0
    for cut in np.unique(np.concatenate([a, b]))[:-1]:
        if len(a) and len(b):
            table = [[(x <= cut).sum(), (x > cut).sum()] for x in (a, b)]
            largest = max(largest, chi2_contingency(table, correction=False, lambda_="log-likelihood")[0] / 2)
    return largest


@settings(deadline=None)
@given(hnp.arrays(np.float64, st.tuples(st.integers(4, 25), st.integers(1, 3)), elements=values), st.data())
def test_every_permuted_statistic_is_the_largest_g_of_the_permuted_samples(
    pooled: NDArray[np.float64], data: st.DataObject
) -> None:
    n = data.draw(st.integers(1, len(pooled) - 1))
    labels = draw_labels(n, len(pooled) - n, 4, np.random.default_rng(n))
    found = likelihood_ratio_permutations(pooled[:n], pooled[n:], labels)
    real = np.arange(len(pooled)) < n
    for row, statistics in zip((real, *labels), (found.observed, *found.null), strict=True):
        for column, statistic in zip(pooled.T, statistics, strict=True):
            assert statistic == pytest.approx(by_hand(column[row], column[~row]), abs=1e-6)


def test_equal_statistics_are_equal_to_the_bit() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.integers(0, 5, size=(30, 3)).astype(float), rng.normal(size=(30, 3))
    reference[3, 2] = np.nan
    labels = np.concatenate((draw_labels(30, 30, 5, rng), (np.arange(60) < 30)[None]))
    found = likelihood_ratio_permutations(reference, current, labels)
    other_way = likelihood_ratio_permutations(reference, current, ~labels)
    assert (found.null[-1] == found.observed).all()
    assert (found.null == other_way.null).all()


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=(30, 3)), rng.integers(0, 4, size=(20, 3)).astype(float)
    reference[:4, 1] = np.nan
    labels = draw_labels(30, 20, 150, rng)
    whole = likelihood_ratio_permutations(reference, current, labels)
    monkeypatch.setattr(module, "BLOCK_BYTES", 1)
    parts = likelihood_ratio_permutations(reference, current, labels)
    assert (whole.null == parts.null).all()
    assert (whole.observed == parts.observed).all()


def test_of_a_large_sample_hardly_a_cut_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=(3000, 4)), rng.normal(0.2, 1.0, size=(2000, 4))
    current[:4] += 20.0
    labels = draw_labels(3000, 2000, 20, rng)
    chosen = likelihood_ratio_permutations(reference, current, labels)
    monkeypatch.setattr(module, "MOST_CUTS", 5000)
    whole = likelihood_ratio_permutations(reference, current, labels)
    assert (chosen.null <= whole.null).all()
    assert (whole.null - chosen.null).mean() < 0.3  # nats
    assert chosen.observed == pytest.approx(whole.observed, rel=0.1)


@pytest.mark.parametrize("n", [20, 200])
def test_false_alarms_of_the_largest_column_are_exact(
    n: int, exact: Callable[[int, int, float], bool]
) -> None:
    rng = np.random.default_rng(n)
    alarms = 0
    for _ in range(300):
        pooled = rng.normal(size=(2 * n, 4))
        pooled[:, 1] = np.round(pooled[:, 1])
        pooled[rng.random(2 * n) < 0.2, 2] = np.nan
        pooled[:, 3] += pooled[:, 0]
        found = likelihood_ratio_permutations(pooled[:n], pooled[n:], draw_labels(n, n, 99, rng))
        null = found.null.max(axis=1)
        alarms += (1 + (null >= found.observed.max()).sum()) / 100 <= 0.05
    assert exact(alarms, 300, 0.05)


def test_it_sees_a_tenth_beyond_the_reference_where_kolmogorov_smirnov_does_not() -> None:
    rng = np.random.default_rng(0)
    seen = np.zeros(2)
    for _ in range(40):
        reference, current = rng.normal(size=(100, 1)), rng.normal(size=(100, 1))
        current[:10] += 10.0
        labels = draw_labels(100, 100, 199, rng)
        for place, test in enumerate((likelihood_ratio_permutations, kolmogorov_smirnov_permutations)):
            found = test(reference, current, labels)
            seen[place] += np.count_nonzero(found.null >= found.observed) < 10
    assert seen[0] >= 30
    assert seen[1] <= 15


def test_labels_of_other_samples_are_refused() -> None:
    labels = draw_labels(5, 5, 3, np.random.default_rng(0))
    with pytest.raises(UsageError, match="expected bool of shape"):
        likelihood_ratio_permutations(np.zeros((5, 1)), np.zeros((6, 1)), labels)
