"""The holdout stays; what is measured on it is unbiased, with an interval that holds."""

import numpy as np
import pytest
from scipy.stats import binomtest, kstest

from driftwheel.errors import UsageError
from driftwheel.selection.holdout import Holdout
from driftwheel.selection.random_sample import random_sample
from driftwheel.selection.sampled_accuracy import sampled_accuracy

KEY = b"drawn at random once"
IMAGES = [f"{number:064x}" for number in range(4000)]


def test_positions_never_change():
    """If this fails, every image that was kept for measuring may have been learnt from."""
    assert [round(Holdout(KEY).position(image), 6) for image in IMAGES[:3]] == [0.426545, 0.870688, 0.935357]


def test_positions_are_even_and_another_key_draws_others():
    first, second = (Holdout(key).positions(IMAGES) for key in (KEY, KEY[::-1]))
    assert kstest(first, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.06


def test_a_larger_share_holds_the_smaller():
    small, large = Holdout(KEY, 0.1), Holdout(KEY, 0.2)
    assert all(large.holds(image) for image in IMAGES if small.holds(image))
    assert small.holds(IMAGES[0]) == (small.position(IMAGES[0]) < 0.1)


def test_the_key_is_not_shown_and_a_short_one_is_refused():
    assert "drawn" not in repr(Holdout(KEY))
    with pytest.raises(UsageError, match="has 3 bytes"):
        Holdout(b"abc")
    for share in (0.0, 1.0, 1.5):
        with pytest.raises(UsageError, match="above 0 and below 1"):
            Holdout(KEY, share)
    assert 0 <= Holdout(KEY * 10).position("a") < 1


def test_an_image_has_the_chance_that_is_stated_whatever_is_labelled():
    rng = np.random.default_rng(0)
    labelled = np.arange(100) % 3 == 0
    drawn = np.zeros(100)
    for _ in range(3000):
        found = random_sample(rng.random(100), labelled, low=0.1, high=0.4, wanted=20, most_new=99)
        assert found.probability == 0.2
        drawn += found.rows
    assert drawn / 3000 == pytest.approx(np.full(100, 0.2), abs=0.035)


def test_a_draw_of_more_than_can_be_labelled_is_cut_by_position():
    positions = np.linspace(0, 0.99, 100)
    found = random_sample(positions, np.zeros(100, bool), low=0.0, high=0.5, wanted=40, most_new=10)
    assert np.flatnonzero(found.rows).tolist() == list(range(10))
    assert found.probability == 0.1
    none = random_sample(positions[:0], np.zeros(0, bool), low=0.0, high=0.5, wanted=4, most_new=1)
    assert none.rows.size == 0


def test_accuracy_of_a_drifted_window_is_unbiased_though_the_hard_images_are_drawn_more_often():
    """Two windows, one drifted and drawn from six times as often: the plain share would be far off."""
    rng = np.random.default_rng(1)
    right = np.concatenate((np.arange(600) % 20 > 0, np.arange(200) % 2 > 0))  # 95 % and 50 %
    chances = np.repeat([0.1, 0.6], [600, 200])
    plain, weighted, held = [], [], 0
    for _ in range(400):
        drawn = rng.random(800) < chances
        found = sampled_accuracy(right[drawn], chances[drawn])
        plain.append(right[drawn].mean())
        weighted.append(found.accuracy)
        held += found.low <= right.mean() <= found.high
    assert right.mean() == pytest.approx(0.8375)
    assert np.mean(weighted) == pytest.approx(0.8375, abs=0.005)
    assert np.mean(plain) < 0.7
    assert held / 400 >= 0.88


def test_with_equal_chances_it_is_clopper_and_pearsons():
    found = sampled_accuracy([True] * 18 + [False] * 2, np.full(20, 0.25))
    expected = binomtest(18, 20).proportion_ci(0.9, "exact")
    assert (found.accuracy, found.n, found.n_effective) == (0.9, 20, pytest.approx(20))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_without_any_image_nothing_is_known_and_all_right_is_not_certain():
    found = sampled_accuracy([], [])
    assert (found.accuracy, found.low, found.high, found.n) == (None, 0.0, 1.0, 0)
    sure = sampled_accuracy([True] * 10, [1.0] * 10)
    assert (sure.high, round(sure.low, 3)) == (1.0, round(0.05 ** (1 / 10), 3))


@pytest.mark.parametrize(
    ("correct", "chances"), [([True], [0.0]), ([True], [1.5]), ([1], [1.0]), ([True], [])]
)
def test_what_cannot_be_is_refused(correct, chances):
    with pytest.raises(UsageError):
        sampled_accuracy(correct, chances)
