from collections.abc import Callable

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftwheel.drift.kuiper import kuiper
from driftwheel.errors import UsageError

angles = hnp.arrays(np.float64, st.integers(1, 25), elements=st.integers(0, 23).map(lambda hour: 15.0 * hour))


@given(angles, angles, st.integers(-24, 48))
def test_turning_the_circle_changes_nothing(
    reference: NDArray[np.float64], current: NDArray[np.float64], turn: int
) -> None:
    found = kuiper(reference, current)
    turned = kuiper(reference + 15.0 * turn, current + 15.0 * turn)
    assert turned.statistic == pytest.approx(found.statistic, abs=1e-12)
    assert kuiper(current, reference).statistic == pytest.approx(found.statistic, abs=1e-12)


def test_known_limits() -> None:
    # Kuiper's limiting upper percentage points: 10 %, 5 %, 1 % at 1.620, 1.747, 2.001 (Stephens 1970)
    n = 100_000
    for point, level in ((1.620, 0.10), (1.747, 0.05), (2.001, 0.01)):
        count = round(point / np.sqrt(n / 2) * n)  # move this many of n equal values far away
        reference = np.linspace(0, 180, n)
        current = np.concatenate((np.full(count, 200.0), reference[count:]))
        found = kuiper(reference, current)
        assert found.statistic == pytest.approx(count / n)
        assert found.p_value == pytest.approx(level, rel=0.03)


@pytest.mark.parametrize("step", [0.0, 30.0])
def test_false_alarm_rate_and_power(step: float, honest: Callable[[int, int, float], bool]) -> None:
    rng = np.random.default_rng(0)
    alarms, found = 0, 0
    for _ in range(300):
        samples = [rng.vonmises(0.0, 1.0, size=size) * 180 / np.pi for size in (100, 40, 40)]
        if step:
            samples = [np.round(sample / step) * step for sample in samples]
        alarms += kuiper(samples[0], samples[1]).p_value <= 0.05  # type: ignore[operator]
        found += kuiper(samples[0], samples[2] + 90).p_value <= 0.05  # type: ignore[operator]
    assert honest(alarms, 300, 0.05)
    assert found > 270


def test_nothing_left_and_no_circle() -> None:
    assert kuiper([np.nan], [1.0]).p_value == 1.0
    with pytest.raises(UsageError, match="`period` is -1"):
        kuiper([1.0], [1.0], period=-1)
