"""Conformal p-values: known answers, the guarantee, and that looking twice costs nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwheel.drift.statistics.conformal import benjamini_hochberg, combined_p_values, conformal_p_values
from driftwheel.errors import UsageError

SCORES = st.lists(st.integers(-5, 5).map(float), min_size=0, max_size=12)


def test_a_known_answer():
    assert conformal_p_values(np.arange(99.0), [98.5, 98.0, 49.0, -1.0]).tolist() == [0.01, 0.02, 0.51, 1.0]


def test_without_calibration_nothing_is_unusual():
    assert conformal_p_values([], [3.0]).tolist() == [1.0]
    assert combined_p_values(np.empty((2, 0)), np.ones((2, 3))).tolist() == [1.0] * 3


@given(calibration=SCORES, scores=SCORES)
@settings(deadline=None)
def test_it_is_the_share_of_the_bag_at_least_as_large(calibration, scores):
    expected = [np.mean([other >= score for other in [*calibration, score]]) for score in scores]
    assert conformal_p_values(calibration, scores) == pytest.approx(expected)


@pytest.mark.parametrize("n", [19, 50, 300])
def test_p_values_of_the_same_kind_are_uniform(n):
    rng = np.random.default_rng(n)
    p = [conformal_p_values(rng.normal(size=n), rng.normal(size=1))[0] for _ in range(4000)]
    on_grid = np.rint(np.array(p) * (n + 1)).astype(int)
    assert stats.chisquare(np.bincount(on_grid, minlength=n + 2)[1:]).pvalue > 1e-3


@given(st.lists(st.integers(0, 6), min_size=4, max_size=24), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_one_score_combined_is_the_score_itself(values, random):
    random.shuffle(values)
    half = len(values) // 2
    calibration, scores = np.array(values[:half], float), np.array(values[half:], float)
    one = combined_p_values(calibration[None], scores[None])
    assert np.allclose(one, conformal_p_values(calibration, scores))


def by_the_book(calibration, score):
    """The rank in the bag by the smallest rank in any score, in plain loops, for scores without ties."""
    bag = np.column_stack([calibration, score])
    ranks = np.array([[np.sum(row >= value) for value in row] for row in bag])
    smallest = ranks.min(axis=0)
    return np.mean(smallest <= smallest[-1])


@given(seed=st.integers(0, 10_000), n=st.integers(1, 12), scores=st.integers(1, 3))
@settings(deadline=None)
def test_combining_ranks_the_smallest_rank(seed, n, scores):
    rng = np.random.default_rng(seed)
    calibration, given_scores = rng.normal(size=(scores, n)), rng.normal(size=(scores, 5))
    expected = [by_the_book(calibration, column) for column in given_scores.T]
    assert combined_p_values(calibration, given_scores) == pytest.approx(expected)


def test_ties_never_make_an_image_more_unusual():
    rng = np.random.default_rng(0)
    calibration, scores = rng.integers(0, 4, (2, 40)) * 1.0, rng.integers(0, 4, (2, 30)) * 1.0
    broken = combined_p_values(calibration - 1e-6, scores)
    assert np.all(combined_p_values(calibration, scores) >= broken)


@pytest.mark.parametrize("correlation", [0.0, 0.8, 1.0])
def test_combined_p_values_are_uniform_however_the_scores_hang_together(correlation):
    rng = np.random.default_rng(7)

    def draw(n):
        first = rng.normal(size=n)
        return np.array([first, correlation * first + np.sqrt(1 - correlation**2) * rng.normal(size=n)])

    p = np.array([combined_p_values(draw(99), draw(1))[0] for _ in range(3000)])
    for alpha in (0.01, 0.05, 0.1, 0.5):
        assert (p <= alpha).mean() <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / len(p))
    assert (p <= 0.1).mean() >= 0.08, "and not more cautious than need be"


def test_an_image_unusual_in_one_score_only_is_found():
    rng = np.random.default_rng(0)
    p = combined_p_values(rng.normal(size=(2, 500)), [[9.0, 0.0], [0.0, 9.0]])
    assert np.all(p <= 0.005)


def test_benjamini_hochberg_is_that_of_scipy():
    p = np.random.default_rng(0).uniform(size=200) ** 2
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p))
    assert benjamini_hochberg([]).tolist() == []


def test_few_of_those_called_unusual_are_called_wrongly():
    rng = np.random.default_rng(1)
    wrong = []
    for _ in range(200):
        scores = np.concatenate([rng.normal(size=90), rng.normal(5, 1, size=10)])
        called = benjamini_hochberg(conformal_p_values(rng.normal(size=1000), scores)) <= 0.1
        wrong.append(called[:90].sum() / max(called.sum(), 1))
    assert np.mean(wrong) <= 0.12


@pytest.mark.parametrize(
    "call",
    [
        lambda: conformal_p_values([np.nan], [1.0]),
        lambda: conformal_p_values([[1.0]], [1.0]),
        lambda: combined_p_values([1.0], [1.0]),
        lambda: combined_p_values([[1.0]], [[1.0], [2.0]]),
        lambda: combined_p_values([[1.0]], [[np.nan]]),
    ],
)
def test_scores_that_are_none_are_refused(call):
    with pytest.raises(UsageError, match=r"p-values are made from two (columns|tables) of .* without NaN"):
        call()


@pytest.mark.parametrize("p", [[0.5, np.nan], [-0.1], [1.1], [[0.5]]])
def test_p_values_that_are_none_are_refused(p):
    with pytest.raises(UsageError, match=r"a column of numbers in \[0, 1\] without NaN"):
        benjamini_hochberg(p)
