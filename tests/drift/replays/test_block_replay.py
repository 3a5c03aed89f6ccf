"""Replayed windows from histograms: sizes, unbiasedness, and blocks that vary show in the spread."""

import numpy as np
import pytest

from driftwheel.drift.replays.block_replay import draw_blocks, replay_counts


def test_windows_have_the_size_asked_for_and_the_reference_s_shares() -> None:
    counts = np.array([10, 0, 30, 60])
    windows = replay_counts(counts, 50, 2000, np.random.default_rng(0))
    assert (windows.sum(axis=1) == 50).all()
    assert windows.mean(axis=0) == pytest.approx([5, 0, 15, 30], abs=0.3)


def test_blocks_are_drawn_until_there_are_enough() -> None:
    sizes = np.array([5, 50, 500])
    times = draw_blocks(sizes, 200, 500, np.random.default_rng(0))
    assert (times @ sizes >= 200).all()
    assert times.sum(axis=1).max() <= 200 / 5 + 1


def test_blocks_that_differ_widen_the_spread() -> None:
    rng = np.random.default_rng(0)
    night, day = np.array([100, 0]), np.array([0, 100])
    blocks = np.stack([night, day] * 6)
    times = draw_blocks(blocks.sum(axis=1), 200, 1000, rng)
    in_blocks = replay_counts(blocks.sum(axis=0), 200, 1000, rng, (blocks, times))
    singly = replay_counts(blocks.sum(axis=0), 200, 1000, rng)
    assert (in_blocks.sum(axis=1) == 200).all()
    # two blocks of 100 against 200 images: binomial(2, ½)·100 against binomial(200, ½)
    assert in_blocks[:, 0].std() == pytest.approx(100 * np.sqrt(0.5), rel=0.1)
    assert singly[:, 0].std() == pytest.approx(np.sqrt(50), rel=0.1)


def test_large_blocks_are_thinned_to_the_size_of_the_window() -> None:
    rng = np.random.default_rng(0)
    blocks = np.full((10, 4), 1000)
    times = draw_blocks(blocks.sum(axis=1), 40, 500, rng)
    windows = replay_counts(blocks.sum(axis=0), 40, 500, rng, (blocks, times))
    assert (windows.sum(axis=1) == 40).all()
    assert windows[:, 0].std() == pytest.approx(np.sqrt(40 * 0.25 * 0.75), rel=0.15)


def test_a_property_that_drawn_blocks_lack_is_drawn_singly() -> None:
    rng = np.random.default_rng(0)
    blocks = np.array([[0, 0], [3, 1]])
    windows = replay_counts(np.array([3, 1]), 20, 3, rng, (blocks, np.array([[4, 0], [1, 1], [0, 9]])))
    assert windows.sum(axis=1).tolist() == [20, 4, 20]
