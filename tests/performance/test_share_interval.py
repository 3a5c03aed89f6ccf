import numpy as np
import pytest
from scipy.stats import binom

from driftwheel.performance.share_interval import share_interval


@pytest.mark.parametrize("n", [1, 2, 30, 1000, 100_000])
@pytest.mark.parametrize("p", [0.5, 0.9, 0.999])
def test_without_doubt_it_is_the_interval_of_the_binomial(n: int, p: float) -> None:
    low, high = share_interval(np.log(p / (1 - p)), 0.0, n)
    assert (round(low * n), round(high * n)) == (int(binom.ppf(0.05, n, p)), int(binom.ppf(0.95, n, p)))


@pytest.mark.parametrize("n", [5, 30, 500])
@pytest.mark.parametrize("deviation", [0.0, 0.5, 2.0])
def test_it_holds_at_least_nine_in_ten(n: int, deviation: float) -> None:
    rng = np.random.default_rng(0)
    low, high = share_interval(2.0, deviation, n)
    chances = 1 / (1 + np.exp(-(2.0 + deviation * rng.standard_normal(40_000))))
    shares = rng.binomial(n, chances) / n
    assert ((shares >= low) & (shares <= high)).mean() >= 0.895
    assert (shares < low).mean() <= 0.055
    assert (shares > high).mean() <= 0.055


def test_more_answers_and_less_doubt_are_narrower() -> None:
    def width(deviation: float, n: int) -> float:
        low, high = share_interval(2.0, deviation, n)
        return high - low

    widths = [width(0.2, n) for n in (30, 100, 1000, 10_000)]
    assert widths == sorted(widths, reverse=True)
    assert width(0.1, 1000) < width(0.3, 1000) < width(1.0, 1000)
