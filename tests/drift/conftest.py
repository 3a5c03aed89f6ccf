from collections.abc import Callable

import pytest
from scipy import stats


@pytest.fixture
def honest() -> Callable[[int, int, float], bool]:
    """Whether a false-alarm rate allows so many alarms in so many trials; wrong once in 10,000."""

    def check(alarms: int, trials: int, rate: float) -> bool:
        return bool(alarms <= stats.binom.ppf(0.9999, trials, rate))

    return check


@pytest.fixture
def exact(honest: Callable[[int, int, float], bool]) -> Callable[[int, int, float], bool]:
    """As `honest`, and not timid either."""

    def check(alarms: int, trials: int, rate: float) -> bool:
        return honest(alarms, trials, rate) and bool(alarms >= stats.binom.ppf(0.0001, trials, rate))

    return check
