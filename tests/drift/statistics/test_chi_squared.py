from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwheel.drift.statistics.chi_squared import chi_squared, chi_squared_categories
from driftwheel.drift.statistics.total_variation import total_variation
from driftwheel.errors import UsageError


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize(("which", "power"), [("pearson", "pearson"), ("g", "log-likelihood")])
def test_plenty_of_counts_give_scipys_answer(which: str, power: str) -> None:
    first, second = [200, 300, 500], [60, 90, 70]
    known = stats.chi2_contingency([first, second], correction=False, lambda_=power)
    found = chi_squared(first, second, rng=_rng(), which=which)  # type: ignore[arg-type]
    assert found.statistic == pytest.approx(known.statistic)
    assert found.p_value == pytest.approx(known.pvalue)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 12), st.integers(0, 12))
def test_two_classes_are_exact_however_sparse(a: int, b: int, c: int, d: int) -> None:
    found = chi_squared([a, b], [c, d], rng=_rng())
    assert found.p_value is not None
    if min(a + b, c + d) == 0 or min(a + c, b + d) == 0:
        assert found.p_value == 1.0
        return
    size, marked, drawn = a + b + c + d, a + c, c + d
    counts = np.arange(max(0, drawn - (b + d)), min(drawn, marked) + 1)
    away = np.abs(counts - drawn * marked / size)
    chances = stats.hypergeom(size, marked, drawn).pmf(counts)
    known = chances[away >= abs(c - drawn * marked / size) - 1e-9].sum()
    assert found.p_value == pytest.approx(known, rel=1e-8)


def test_sparse_tables_are_permuted_by_the_seed_and_near_the_exact_answer() -> None:
    first, second = np.array([12, 3, 1, 0]), np.array([2, 2, 2, 2])
    found = chi_squared(first, second, rng=_rng())
    again = chi_squared(first, second, rng=_rng())
    assert found == again
    pooled = first + second
    chances = stats.multivariate_hypergeom(pooled, 8)
    reached = 0.0
    for table in np.ndindex(*np.minimum(pooled, 8) + 1):
        if sum(table) == 8:
            current = np.array(table)
            statistic = stats.chi2_contingency([pooled - current, current], correction=False).statistic
            reached += chances.pmf(current) * (statistic >= found.statistic - 1e-9)
    assert found.p_value == pytest.approx(reached, abs=0.01)


def test_classes_empty_on_both_sides_take_no_part_and_on_one_side_do() -> None:
    assert chi_squared([50, 50, 0], [40, 60, 0], rng=_rng()) == chi_squared([50, 50], [40, 60], rng=_rng())
    assert chi_squared([200, 200, 0], [180, 190, 30], rng=_rng()).p_value < 1e-6  # type: ignore[operator]


def test_one_class_or_no_image_is_no_evidence() -> None:
    assert chi_squared([7, 0], [9, 0], rng=_rng()).p_value == 1.0
    nothing = chi_squared([7, 2], [0, 0], rng=_rng())
    assert np.isnan(nothing.statistic)
    assert nothing.p_value == 1.0


def test_raw_categories_with_undefined_ones() -> None:
    reference = ["jpeg"] * 30 + [None] + ["png"] * 10
    found = chi_squared_categories(reference, ["png"] * 9 + [float("nan")], rng=_rng())
    assert (found.n_reference, found.n_current) == (40, 9)
    assert found.p_value == chi_squared([30, 10], [0, 9], rng=_rng()).p_value
    assert found.effect == pytest.approx(0.75)


def test_usage() -> None:
    with pytest.raises(UsageError, match="`which` is 'fisher'; expected 'pearson' or 'g'"):
        chi_squared([1, 2], [3, 4], rng=_rng(), which="fisher")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="`permutations` is 0"):
        chi_squared([1, 2], [3, 4], rng=_rng(), permutations=0)
    with pytest.raises(UsageError, match=r"expected the counts of one column"):
        total_variation(np.ones((2, 2), dtype=int), np.ones((2, 2), dtype=int))


@given(
    st.lists(st.integers(0, 40), min_size=3, max_size=3), st.lists(st.integers(0, 40), min_size=3, max_size=3)
)
def test_total_variation_is_a_bounded_symmetric_distance(first: list[int], second: list[int]) -> None:
    found = total_variation(first, second).statistic
    if sum(first) == 0 or sum(second) == 0:
        assert np.isnan(found)
        return
    known = np.abs(np.array(first) / sum(first) - np.array(second) / sum(second)).sum() / 2
    assert found == pytest.approx(known)
    assert found == pytest.approx(total_variation(second, first).statistic)
    assert 0.0 <= found <= 1.0


@pytest.mark.parametrize("n", [20, 200])
def test_false_alarm_rate_and_power(n: int, honest: Callable[[int, int, float], bool]) -> None:
    rng = np.random.default_rng(n)
    shares, changed = np.array([0.6, 0.3, 0.05, 0.03, 0.02]), np.array([0.3, 0.3, 0.2, 0.1, 0.1])
    p_values, powers = [], []
    for _ in range(200):
        reference = rng.multinomial(300, shares)
        p_values.append(chi_squared(reference, rng.multinomial(n, shares), rng=rng, permutations=199).p_value)
        powers.append(chi_squared(reference, rng.multinomial(n, changed), rng=rng, permutations=199).p_value)
    assert honest(int(np.sum(np.array(p_values) <= 0.05)), 200, 0.05)
    assert np.mean(np.array(powers) <= 0.05) > (0.6 if n == 20 else 0.99)
