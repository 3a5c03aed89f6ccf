"""p-values from few permutations."""

import numpy as np
import pytest

from driftwheel.drift.statistics.tail import tail_log_p_value, tail_p_value
from driftwheel.errors import UsageError


def test_with_enough_exceedances_the_p_value_is_the_permutation_count():
    null = np.arange(100.0)
    assert float(tail_p_value(80.0, null)) == pytest.approx(21 / 101)


@pytest.mark.parametrize("permutations", [200, 500])
def test_the_fitted_tail_is_right_within_a_factor_of_three_where_a_year_of_days_needs_it(permutations: int):
    rng = np.random.default_rng(4)
    at = -np.log(0.00274)
    fitted = [float(tail_p_value(at, rng.exponential(size=permutations))) for _ in range(300)]
    assert 0.00274 / 1.5 < np.median(fitted) < 0.00274 * 1.5
    assert np.mean([1 / 3 < p / 0.00274 < 3 for p in fitted]) > (0.9 if permutations == 500 else 0.75)


@pytest.mark.parametrize("permutations", [200, 500])
@pytest.mark.parametrize("alpha", [0.00274, 0.001])
def test_a_rare_p_value_is_as_rare_as_it_says(permutations: int, alpha: float):
    rng = np.random.default_rng(6)
    p_values = [
        float(tail_p_value(rng.exponential(), rng.exponential(size=permutations))) for _ in range(20_000)
    ]
    assert np.mean(np.array(p_values) <= alpha) == pytest.approx(alpha, abs=3.5 * np.sqrt(alpha / 20_000))


def test_far_beyond_the_null_the_log_stays_finite_and_falls_with_the_statistic():
    null = np.random.default_rng(5).exponential(size=500)
    logs = tail_log_p_value([20.0, 200.0, 20_000.0], null)
    assert np.isfinite(logs).all()
    assert (np.diff(logs) < 0).all()


def test_a_null_that_is_one_value_gives_no_invented_tail():
    assert float(tail_p_value(5.0, np.zeros(99))) == pytest.approx(0.01)
    assert float(tail_p_value(0.0, np.zeros(99))) == 1.0


def test_too_few_permutations_are_refused():
    with pytest.raises(UsageError, match="at least 20 null values; 3 were given"):
        tail_p_value(1.0, np.zeros(3))
