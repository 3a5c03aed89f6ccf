from __future__ import annotations

import numpy as np

from driftwheel.report.charts.embedding_map import embedding_map


def test_without_change_about_one_in_twenty_lies_outside() -> None:
    rng = np.random.default_rng(1)
    found = embedding_map(
        rng.normal(size=(500, 8)).astype(np.float32), rng.normal(size=(500, 8)).astype(np.float32)
    )
    assert 0.02 < found.outside < 0.09
    assert (found.n_reference, found.n_current) == (500, 500)


def test_a_shift_along_the_first_axis_is_seen() -> None:
    rng = np.random.default_rng(2)
    scale = np.array([5.0, 1, 1, 1], np.float32)
    before, after = ((rng.normal(size=(300, 4)) * scale).astype(np.float32) for _ in range(2))
    after[:, 0] += 30
    assert embedding_map(before, after).outside > 0.95


def test_large_sets_are_thinned_evenly() -> None:
    rng = np.random.default_rng(3)
    found = embedding_map(
        rng.normal(size=(3000, 4)).astype(np.float32), rng.normal(size=(40, 4)).astype(np.float32)
    )
    assert (found.n_reference, found.n_current) == (500, 40)


def test_too_little_to_draw_is_not_drawn() -> None:
    few = np.zeros((5, 4), np.float32)
    assert embedding_map(few, few) is None
    assert embedding_map(np.zeros((50, 4), np.float32), few) is None
