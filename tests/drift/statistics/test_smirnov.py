import itertools

import numpy as np
import pytest
from scipy import stats

from driftwheel.drift.statistics.kolmogorov_smirnov import kolmogorov_smirnov
from driftwheel.drift.statistics.smirnov import _lattice_paths, smirnov_p_values


@pytest.mark.parametrize(("n", "m"), [(5, 5), (7, 11), (30, 20), (50, 200), (40, 40), (400, 300)])
def test_p_values_are_scipys_exact_ones(n: int, m: int) -> None:
    rng = np.random.default_rng(n * m)
    for shift in (0.0, 0.3, 1.0, 3.0):
        known = stats.ks_2samp(rng.normal(size=n), rng.normal(shift, 1.0, size=m), method="exact")
        assert smirnov_p_values(known.statistic, n, m) == pytest.approx(known.pvalue, rel=1e-8, abs=1e-300)


def test_smallest_p_value_is_one_over_the_number_of_arrangements_however_small() -> None:
    assert smirnov_p_values(1.0, 300, 300) == pytest.approx(
        2 / stats.binom(600, 0.5).pmf(300) / 2.0**600, rel=1e-9
    )
    assert smirnov_p_values(1.0, 60, 61) > 0.0


@pytest.mark.parametrize(
    "values", [[1, 2, 2, 3, 3, 3, 4, 4, 5], [0, 0, 0, 0, 1, 1, 1, 1, 1], [1, 1, 2, 3, 4, 5, 6, 7, 7]]
)
def test_with_ties_p_is_the_share_of_arrangements_that_reach_the_statistic(values: list[int]) -> None:
    pooled = np.array(values, dtype=float)
    statistics = []
    for chosen in itertools.combinations(range(9), 4):
        mask = np.isin(np.arange(9), chosen)
        found = kolmogorov_smirnov(pooled[mask], pooled[~mask])
        statistics.append((found.statistic, found.p_value))
    every = np.array([statistic for statistic, _ in statistics])
    for statistic, p_value in statistics:
        assert p_value == pytest.approx(np.mean(every >= statistic - 1e-12), rel=1e-9)


@pytest.mark.parametrize(("n", "m"), [(30, 9000), (700, 500), (999, 1000), (1500, 1000)])
@pytest.mark.parametrize("z", [0.7, 1.0, 1.36, 1.85])
def test_the_limit_stays_within_the_stated_error_of_the_exact_value(n: int, m: int, z: float) -> None:
    step = np.lcm(n, m)
    statistic = np.ceil(z * np.sqrt((n + m) / (n * m)) * step) / step
    exact = float(_lattice_paths(np.array([np.rint(statistic * n * m)]), n, m, None)[0])
    assert exact > 0.001
    assert 0.98 < smirnov_p_values(statistic, n, m) / exact < (1.05 if exact >= 0.01 else 1.10)


def test_shape_and_edges() -> None:
    assert smirnov_p_values([[0.0, 1.0]], 10, 10).shape == (1, 2)
    assert smirnov_p_values(0.0, 10, 12) == 1.0
    assert smirnov_p_values(0.5, 0, 12) == 1.0
