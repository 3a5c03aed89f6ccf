"""Splits: shares, classes, groups, what is kept for measuring, and what an earlier version has said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.datasets.example import SPLITS
from driftwheel.datasets.splits import LEFT_OUT, UNDECIDED, SplitShares, assign_splits, positions
from driftwheel.errors import UsageError

TRAIN, VALIDATION, TEST = range(3)


def places(n: int, seed: int = 0) -> np.ndarray:
    return positions([str(number) for number in range(n)], seed)


def test_each_class_keeps_its_shares_to_an_image() -> None:
    rng = np.random.default_rng(0)
    strata = rng.choice(5, 1000, p=[0.5, 0.3, 0.1, 0.07, 0.03])
    splits = assign_splits(np.arange(1000), strata, places(1000), SplitShares())
    for stratum in range(5):
        n = (strata == stratum).sum()
        counts = np.bincount(splits[strata == stratum], minlength=3)
        assert np.abs(counts - n * np.array([0.7, 0.15, 0.15])).max() <= 1
    assert np.abs(np.bincount(splits) - [700, 150, 150]).max() <= 1


def test_rounding_of_small_classes_adds_up_to_the_shares() -> None:
    strata = np.repeat(np.arange(40), 3)
    splits = assign_splits(np.arange(120), strata, places(120), SplitShares())
    assert np.abs(np.bincount(splits) - [84, 18, 18]).max() <= 2


def test_a_known_division_of_groups() -> None:
    """Sizes 4, 3, 2, 1 into halves: 4 and 1 beside 3 and 2."""
    groups = np.repeat(np.arange(4), [4, 3, 2, 1])
    splits = assign_splits(groups, np.zeros(10, int), places(4), SplitShares(0.5, 0.0, 0.5))
    assert sorted(np.bincount(splits, minlength=3).tolist()) == [0, 5, 5]


def test_groups_keep_the_shares_of_classes_as_far_as_they_can() -> None:
    rng = np.random.default_rng(1)
    groups = np.sort(rng.integers(0, 200, 2000))
    _, groups = np.unique(groups, return_inverse=True)
    strata = rng.integers(0, 4, 2000)
    splits = assign_splits(groups, strata, places(groups.max() + 1), SplitShares(0.6, 0.2, 0.2))
    for stratum in range(4):
        counts = np.bincount(splits[strata == stratum], minlength=3)
        shares = counts / counts.sum()
        assert np.abs(shares - [0.6, 0.2, 0.2]).max() < 0.03


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_the_laws(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 30))
    numbers = st.lists(st.integers(0, 12), min_size=n, max_size=n)
    _, groups = np.unique(data.draw(numbers), return_inverse=True)
    strata = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    holdout = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    before = np.array(data.draw(st.lists(st.sampled_from([UNDECIDED, 0, 1, 2]), min_size=n, max_size=n)))
    count = int(groups.max()) + 1
    shares = data.draw(st.sampled_from([SplitShares(), SplitShares(1, 0, 0), SplitShares(0.5, 0.0, 0.5)]))
    splits = assign_splits(groups, strata, places(count), shares, given=before, holdout=holdout)
    assert not (splits == UNDECIDED).any()
    assert set(splits[holdout].tolist()) <= {TEST, LEFT_OUT}, "never learnt from"
    assert not (splits[~holdout] == LEFT_OUT).any(), "nothing else is lost"
    kept = (before != UNDECIDED) & ~(holdout & (before != TEST))
    assert (splits[kept] == before[kept]).all(), "what was said stays"
    for group in range(count):
        new = (groups == group) & (before == UNDECIDED) & (splits != LEFT_OUT)
        old = {int(one) for one in before[(groups == group) & kept]}
        assert len(set(splits[new].tolist())) <= 1, "groups stay together"
        if new.any() and old:
            assert int(splits[new][0]) in old
    order = np.random.default_rng(0).permutation(n)
    again = assign_splits(
        groups[order], strata[order], places(count), shares, given=before[order], holdout=holdout[order]
    )
    sizes = [np.bincount(one[one >= 0], minlength=3).tolist() for one in (splits, again)]
    assert sizes[0] == sizes[1], "the order does not matter"


def test_a_group_that_is_learnt_from_has_no_holdout() -> None:
    groups, strata = np.array([0, 0, 0, 1, 1]), np.zeros(5, int)
    before = np.array([TRAIN, UNDECIDED, UNDECIDED, UNDECIDED, UNDECIDED])
    holdout = np.array([False, True, False, True, False])
    splits = assign_splits(groups, strata, places(2), SplitShares(), given=before, holdout=holdout)
    assert splits.tolist() == [TRAIN, LEFT_OUT, TRAIN, TEST, TEST]


def test_places_depend_on_name_and_seed_alone() -> None:
    few, many = positions(["a", "b"], 3), positions(["b", "x", "a"], 3)
    assert few.tolist() == [many[2], many[0]]
    assert (positions(["a", "b"], 4) != few).all()
    assert (np.diff(np.histogram(places(4000), 4, (0, 1))[0]).__abs__() < 150).all()


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.5), (0, 0.5, 0.5), (1.2, -0.1, -0.1)])
def test_shares_that_are_none(shares: tuple[float, float, float]) -> None:
    with pytest.raises(UsageError, match="add up to 1"):
        SplitShares(*shares)
    assert SPLITS == ("train", "validation", "test")
