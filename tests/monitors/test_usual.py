"""What is usual: false alarms at the stated rate on windows that really vary, and power where it counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import stats

from driftwheel.monitors.usual import (
    LEAST_PAST,
    Unusual,
    usual_count,
    usual_mix,
    usual_number,
    usual_share,
)

ALPHA = 0.01
TRIALS = 800
MOST = int(stats.binom.ppf(0.9999, TRIALS, ALPHA))
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
RNG = np.random.Generator


def shares(rng: RNG, m: int, mean: float, spread: float) -> tuple[list[tuple[int, int]], tuple[int, int]]:
    """Beta-binomial windows: `spread` is the correlation within a window."""
    totals = rng.integers(50, 2000, m + 1)
    each = rng.beta(mean * (1 / spread - 1), (1 - mean) * (1 / spread - 1), m + 1)
    hits = rng.binomial(totals, each)
    pairs = [(int(k), int(n)) for k, n in zip(hits, totals, strict=True)]
    return pairs[:-1], pairs[-1]


def numbers(rng: RNG, m: int, correlation: float) -> tuple[list[tuple[float, int]], tuple[float, int]]:
    """Means of 50 to 2,000 values, with a level that wanders between windows."""
    totals = rng.integers(50, 2000, m + 1)
    level = np.zeros(m + 1)
    level[0] = rng.standard_normal()
    for i in range(1, m + 1):
        level[i] = correlation * level[i - 1] + np.sqrt(1 - correlation**2) * rng.standard_normal()
    values = 0.8 + 0.02 * level + 0.2 * rng.standard_normal(m + 1) / np.sqrt(totals)
    pairs = [(float(value), int(n)) for value, n in zip(values, totals, strict=True)]
    return pairs[:-1], pairs[-1]


def counts(
    rng: RNG, m: int, mean: float, weekend: float, spread: float
) -> tuple[list[tuple[datetime, int]], tuple[datetime, int]]:
    """Days with another level at weekends, and more spread than Poisson's."""
    starts = [MONDAY + timedelta(days=i) for i in range(m + 1)]
    levels = np.array([mean * (weekend if one.weekday() > 4 else 1.0) for one in starts])
    records = rng.poisson(levels * rng.gamma(1 / spread, spread, m + 1))
    pairs = [(start, int(k)) for start, k in zip(starts, records, strict=True)]
    return pairs[:-1], pairs[-1]


def mixes(rng: RNG, m: int, classes: int, like: float) -> tuple[list[dict[str, int]], dict[str, int]]:
    """Dirichlet-multinomial windows."""
    base = np.arange(1, classes + 1) / np.arange(1, classes + 1).sum()
    totals = rng.integers(50, 2000, m + 1)
    drawn = [rng.multinomial(n, p) for n, p in zip(totals, rng.dirichlet(base * like, m + 1), strict=True)]
    named = [{f"class {i}": int(k) for i, k in enumerate(one)} for one in drawn]
    return named[:-1], named[-1]


CASES: dict[str, Callable[[RNG], Unusual]] = {
    "share, steady": lambda rng: usual_share(*shares(rng, 14, 0.02, 1e-6), ALPHA),
    "share, five windows": lambda rng: usual_share(*shares(rng, 5, 0.02, 0.01), ALPHA),
    "share, rare bursts": lambda rng: usual_share(*shares(rng, 30, 0.02, 0.05), ALPHA),
    "share, either side": lambda rng: usual_share(*shares(rng, 14, 0.3, 0.1), ALPHA, "either"),
    "share, below": lambda rng: usual_share(*shares(rng, 14, 0.9, 0.05), ALPHA, "below"),
    "number": lambda rng: usual_number(*numbers(rng, 14, 0.0), ALPHA),
    "number, five windows": lambda rng: usual_number(*numbers(rng, 5, 0.3), ALPHA),
    "number, that wanders": lambda rng: usual_number(*numbers(rng, 30, 0.8), ALPHA),
    "count, with weekends": lambda rng: usual_count(*counts(rng, 13, 1000, 0.2, 0.02), ALPHA),
    "count, of many weeks": lambda rng: usual_count(*counts(rng, 40, 1000, 0.2, 0.1), ALPHA),
    "count, of few records": lambda rng: usual_count(*counts(rng, 13, 20, 1.0, 0.1), ALPHA),
    "mix of two": lambda rng: usual_mix(*mixes(rng, 14, 2, 100), ALPHA)[1],
    "mix of ten": lambda rng: usual_mix(*mixes(rng, 14, 10, 100), ALPHA)[1],
    "mix, five windows": lambda rng: usual_mix(*mixes(rng, 5, 4, 100), ALPHA)[1],
}


@pytest.mark.parametrize("case", CASES)
def test_false_alarms_are_no_more_than_stated(case: str) -> None:
    rng = np.random.default_rng(sum(case.encode()))
    found = [CASES[case](rng) for _ in range(TRIALS)]
    p_values = [one.p_value for one in found]
    assert all(p is not None for p in p_values)
    assert sum(p < ALPHA for p in p_values if p is not None) <= MOST
    assert sum(bool(one.judged) for one in found) <= MOST


def power(judge: Callable[[RNG], Unusual], trials: int = 200) -> float:
    rng = np.random.default_rng(7)
    return sum(bool(judge(rng).judged) for _ in range(trials)) / trials


def test_power_of_shares() -> None:
    """From 2 % to 15 % of 400 images, after fourteen windows; after five, to 40 %."""
    assert power(lambda rng: usual_share(shares(rng, 14, 0.02, 0.005)[0], (60, 400), 0.0027)) > 0.95
    assert power(lambda rng: usual_share(shares(rng, 5, 0.02, 0.005)[0], (160, 400), 0.0027)) > 0.7


def test_power_of_shares_that_never_were() -> None:
    assert usual_share([(0, 400)] * 7, (20, 400), 0.0027).judged


def test_power_of_numbers() -> None:
    """Confidence from 0.80 ± 0.02 to 0.70."""
    assert power(lambda rng: usual_number(numbers(rng, 14, 0.3)[0], (0.7, 400), 0.0027)) > 0.6
    assert power(lambda rng: usual_number(numbers(rng, 30, 0.3)[0], (0.7, 400), 0.0027)) > 0.85


def test_power_of_counts() -> None:
    """Half of the records are missing on a Monday, after five weeks with empty weekends."""
    assert (
        power(lambda rng: usual_count(counts(rng, 35, 1000, 0.1, 0.005)[0], (at_day(35), 300), 0.0027)) > 0.6
    )
    steady = [(at_day(i), 1000 + i) for i in range(7)]
    assert usual_count(steady, (at_day(7), 0), 0.0027).judged
    assert usual_count(steady, (at_day(7), 5000), 0.0027).judged


def test_power_of_mixes() -> None:
    swapped = {"class 0": 300, "class 1": 100}
    assert power(lambda rng: usual_mix(mixes(rng, 14, 2, 500)[0], swapped, 0.0027)[1]) > 0.95
    new = {"class 0": 100, "class 1": 200, "nothing like it": 300}
    assert power(lambda rng: usual_mix(mixes(rng, 14, 2, 500)[0], new, 0.0027)[1]) > 0.95


def at_day(day: int) -> datetime:
    return MONDAY + timedelta(days=day)


def test_with_too_few_windows_there_is_no_judgement() -> None:
    few = LEAST_PAST - 1
    for found in (
        usual_share([(1, 100)] * few, (90, 100), ALPHA),
        usual_number([(0.9, 100)] * few, (0.1, 100), ALPHA),
        usual_count([(at_day(i), 100) for i in range(few)], (at_day(few), 0), ALPHA),
        usual_mix([{"a": 100}] * few, {"b": 100}, ALPHA)[1],
    ):
        assert found == Unusual(note="4 windows before it, of at least 5")


def test_nothing_is_said_of_the_first_weekend() -> None:
    found = usual_count([(at_day(i), 1000) for i in range(5)], (at_day(5), 0), ALPHA)
    assert (found.judged, found.note) == (None, "no window of a Saturday like it has been seen yet")


def test_empty_windows_say_nothing() -> None:
    assert usual_share([(1, 100)] * 9, (0, 0), ALPHA).judged is None
    assert usual_share([(0, 0)] * 9, (1, 100), ALPHA).judged is None
    assert usual_number([(0.9, 100)] * 9, (float("nan"), 100), ALPHA).judged is None
    assert usual_mix([{}] * 9, {"a": 1}, ALPHA)[0] is None
    assert usual_mix([{"a": 1}] * 9, {}, ALPHA)[0] is None


def test_a_change_too_small_to_count_is_never_unusual() -> None:
    share = usual_share([(100, 100_000)] * 9, (900, 100_000), ALPHA)
    number = usual_number([(0.900, 10**6), (0.9001, 10**6)] * 5, (0.915, 10**6), ALPHA)
    count = usual_count([(at_day(i), 10**6) for i in range(7)], (at_day(7), 1_090_000), ALPHA)
    _, mix = usual_mix([{"a": 50_000, "b": 50_000}] * 9, {"a": 54_000, "b": 46_000}, ALPHA)
    assert [one.judged for one in (share, number, count, mix)] == [False] * 4
    assert share.p_value is not None
    assert share.p_value < ALPHA


def test_the_range_is_what_the_test_goes_by() -> None:
    found = usual_share([(8, 400), (9, 410), (7, 390), (10, 400), (8, 405), (9, 400)], (9, 400), ALPHA)
    assert found.low is None
    assert found.usual is not None
    assert found.high is not None
    assert found.usual < found.high < 0.2
    assert found.note == "against 6 windows before"
    number = usual_number([(0.9, 100), (0.92, 100), (0.91, 100)] * 3, (0.91, 100), ALPHA)
    assert number.low is not None
    assert number.high is not None
    assert number.low < 0.9
    assert number.high > 0.92


def test_the_distance_of_mixes_is_the_total_variation() -> None:
    distance, _ = usual_mix([{"a": 30, "b": 70}], {"a": 60, "b": 40}, ALPHA)
    assert distance == pytest.approx(0.3)
