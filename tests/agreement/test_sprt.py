"""The golden test: its exact errors and length, counted another way, and why three tasks are too few."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.agreement.skill_watch import skill_watch
from driftwheel.agreement.sprt import GoldenTest, characteristic, fixed_exam_pass, golden_test
from driftwheel.errors import UsageError


def test_errors_and_length_of_the_default() -> None:
    poor, good = characteristic(0.6), characteristic(0.9)
    assert poor.passed == pytest.approx(0.040, abs=0.001)
    assert good.banned == pytest.approx(0.027, abs=0.001)
    assert (poor.tasks, good.tasks) == pytest.approx((10.8, 13.3), abs=0.1)
    assert poor.banned + poor.passed == pytest.approx(1.0, abs=1e-9)


def test_three_golden_tasks_pass_most_poor_workers() -> None:
    assert fixed_exam_pass(0.6, 3, 0.6) == pytest.approx(3 * 0.6**2 * 0.4 + 0.6**3)
    assert round(fixed_exam_pass(0.6, 3, 0.6), 3) == 0.648
    assert characteristic(0.6).passed < 0.05


def test_a_fixed_exam_of_the_same_errors_is_longer() -> None:
    def errors(n: int, least: int) -> tuple[float, float]:
        return fixed_exam_pass(0.6, n, least / n), 1 - fixed_exam_pass(0.9, n, least / n)

    longest = max(characteristic(0.6).tasks, characteristic(0.9).tasks)
    fewest = next(n for n in range(3, 60) if any(max(errors(n, r)) <= 0.05 for r in range(n + 1)))
    assert fewest > 1.5 * longest


def test_characteristic_agrees_with_every_path_of_ten_answers() -> None:
    rule = GoldenTest(error=0.2)
    banned = 0.0
    for path in itertools.product([True, False], repeat=10):
        if golden_test(path, rule=rule).outcome == "poor":
            banned += math.prod(0.7 if one else 0.3 for one in path)
    rng = np.random.default_rng(0)
    drawn = [golden_test(rng.random(60) < 0.7, rule=rule).outcome for _ in range(4000)]
    exact = characteristic(0.7, rule).banned
    assert banned <= exact
    assert np.mean([one == "poor" for one in drawn]) == pytest.approx(exact, abs=0.03)


@pytest.mark.parametrize(("poor", "good", "error"), [(0.6, 0.9, 0.05), (0.5, 0.8, 0.02), (0.7, 0.95, 0.1)])
def test_both_errors_stay_within_what_is_asked(poor: float, good: float, error: float) -> None:
    rule = GoldenTest(poor, good, error)
    assert characteristic(poor, rule).passed <= error / (1 - error)
    assert characteristic(good, rule).banned <= error / (1 - error)


@given(st.lists(st.booleans(), max_size=60))
def test_what_comes_after_the_end_changes_nothing(results: list[bool]) -> None:
    found = golden_test(results)
    assert golden_test(results[: found.n]) == found
    if found.outcome != "open":
        assert golden_test([*results, False, True]) == found


def test_the_better_one_is_the_rarer_a_ban() -> None:
    chances = [characteristic(share).banned for share in np.linspace(0, 1, 11)]
    assert all(one >= other for one, other in itertools.pairwise(chances))
    assert (chances[0], chances[-1]) == pytest.approx((1.0, 0.0))


def test_a_ban_says_why() -> None:
    event = golden_test([False, True, False, False], "ann").event
    assert event is not None
    assert event.action == "ban"
    assert event.reason.startswith("1 of 4 golden tasks were answered right: 43 times likelier")
    assert event.numbers["n"] == 4


def test_a_good_annotator_is_watched_for_a_thousand_tasks_and_more() -> None:
    rng = np.random.default_rng(1)
    lengths = []
    for _ in range(60):
        found = skill_watch(rng.random(4000) < 0.9, patience=200.0)
        lengths.append(found.n)
    assert np.mean(lengths) > 200  # the bound; what is counted only to 4,000 counts too little


def test_who_becomes_poor_is_found_soon() -> None:
    rng = np.random.default_rng(2)
    lengths = []
    for _ in range(300):
        results = np.concatenate([rng.random(100) < 0.9, rng.random(400) < 0.6])
        found = skill_watch(results)
        lengths.append(found.n - 100)
        assert found.event is not None
    assert np.mean([one for one in lengths if one > 0]) < 28


def test_rules_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match=r"0.9 against 0.6"):
        GoldenTest(0.9, 0.6)
    with pytest.raises(UsageError, match="patience of 1 golden tasks"):
        skill_watch([True], patience=1.0)
    with pytest.raises(UsageError, match="accuracy of 2"):
        characteristic(2.0)
