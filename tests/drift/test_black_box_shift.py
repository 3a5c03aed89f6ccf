from collections.abc import Callable

import numpy as np
import pytest

from driftwheel.drift.black_box_shift import black_box_shift
from driftwheel.drift.kolmogorov_smirnov import kolmogorov_smirnov_columns
from driftwheel.errors import UsageError


def test_bonferroni_over_the_columns() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.dirichlet([1] * 4, size=100), rng.dirichlet([1, 1, 1, 2], size=60)
    columns = kolmogorov_smirnov_columns(reference, current)
    found = black_box_shift(reference, current)
    assert found.p_value == pytest.approx(4 * columns.p_value.min())
    assert found.statistic == columns.statistic.max()
    assert (found.n_reference, found.n_current) == (100, 60)


def test_false_alarm_rate_and_power(honest: Callable[[int, int, float], bool]) -> None:
    rng = np.random.default_rng(0)
    alarms = found = 0
    for _ in range(200):
        reference = rng.dirichlet([0.3] * 10, size=200)
        alarms += black_box_shift(reference, rng.dirichlet([0.3] * 10, size=50)).p_value <= 0.05  # type: ignore[operator]
        found += black_box_shift(reference, rng.dirichlet([0.3] * 9 + [1.5], size=50)).p_value <= 0.05  # type: ignore[operator]
    assert honest(alarms, 200, 0.05)
    assert found > 190


def test_no_scores() -> None:
    assert black_box_shift([[np.nan]], [[1.0]]).p_value == 1.0
    with pytest.raises(UsageError, match="no column; expected one for each class"):
        black_box_shift(np.zeros((3, 0)), np.zeros((3, 0)))
