from __future__ import annotations

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.performance.balanced_difference import balanced_difference


def test_a_rare_class_counts_as_much_as_a_common_one() -> None:
    truth = np.array(["cat"] * 90 + ["dog"] * 10)
    always_cat, better = np.full(100, "cat"), truth.copy()
    better[:30] = "dog"
    found = balanced_difference(truth, always_cat, better, rng=np.random.default_rng(0))
    assert (found.champion, found.challenger, found.n, found.classes) == (0.5, pytest.approx(5 / 6), 100, 2)
    assert found.low < found.difference < found.high


def test_the_bounds_hold_about_as_often_as_stated() -> None:
    rng = np.random.default_rng(3)
    held = []
    for _ in range(200):
        truth = np.repeat([0, 1], [80, 40])
        first = np.where(rng.random(120) < 0.7, truth, 1 - truth)
        second = np.where(rng.random(120) < 0.8, truth, 1 - truth)
        found = balanced_difference(truth, first, second, rng=rng, draws=400)
        held.append((found.low <= 0.1, found.high >= 0.1))
    low, high = np.mean(held, axis=0)
    assert low >= 0.9
    assert high >= 0.9


def test_the_same_answers_differ_by_nothing_and_still_with_doubt() -> None:
    found = balanced_difference([0, 1, 1], [0, 1, 0], [0, 1, 0], rng=np.random.default_rng(0))
    assert found.difference == 0
    assert found.low < 0 < found.high


def test_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UsageError, match="three columns of one length"):
        balanced_difference([0, 1], [0], [0, 1], rng=np.random.default_rng(0))
    with pytest.raises(UsageError, match="of one image or more"):
        balanced_difference([], [], [], rng=np.random.default_rng(0))
