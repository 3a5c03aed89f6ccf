"""Splitting a reference: every image in one part, groups whole, and references that cannot be split."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.errors import UsageError
from driftwheel.learning.reference_split import split_reference


def split(n, seed=0, **options):
    return split_reference(n, rng=np.random.default_rng(seed), **options)


@given(n=st.integers(100, 3000), seed=st.integers(0, 9))
def test_every_image_is_in_one_part(n, seed):
    parts = split(n, seed)
    together = np.concatenate([parts.fit, parts.stopping, parts.held_out])
    np.testing.assert_array_equal(np.sort(together), np.arange(n))
    assert all((np.diff(part) > 0).all() for part in (parts.fit, parts.stopping, parts.held_out))
    assert (len(parts.held_out), len(parts.stopping)) == (n // 5, n // 10)


def test_of_many_images_no_more_are_held_out_than_are_of_use():
    parts = split(60_000)
    assert (len(parts.held_out), len(parts.stopping), len(parts.fit)) == (5000, 2000, 53_000)


@given(groups=st.integers(8, 60), seed=st.integers(0, 9))
def test_groups_stay_whole(groups, seed):
    numbers = np.random.default_rng(seed).integers(0, groups, 600)
    parts = split(600, seed, groups=numbers)
    seen = [set(numbers[part]) for part in (parts.fit, parts.stopping, parts.held_out)]
    assert sum(map(len, seen)) == len(set().union(*seen))
    assert len(parts.held_out) >= 120
    assert len(parts.stopping) >= 60


def test_a_few_groups_are_passed_over():
    parts = split(700, groups=np.arange(700) % 7)
    assert len(parts.held_out) == 140


def test_images_are_drawn_and_the_seed_repeats():
    assert split(1000).held_out.tolist() == split(1000).held_out.tolist()
    assert split(1000).held_out.tolist() != split(1000, seed=1).held_out.tolist()
    assert 350 < split(1000).held_out.mean() < 650


def test_what_cannot_be_split_is_refused():
    with pytest.raises(UsageError, match="at least 100 images, not 99"):
        split(99)
    with pytest.raises(
        UsageError, match="of 300 images cannot be split: its largest camera and hour has 290"
    ):
        split(300, groups=np.r_[np.zeros(290, int), np.arange(1, 11)])
