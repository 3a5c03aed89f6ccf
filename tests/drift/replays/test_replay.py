"""Replayed reference windows and the thresholds read off them."""

import tracemalloc
from datetime import datetime, timedelta

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from driftwheel.drift.replays.replay import (
    LEAST_BLOCKS,
    Replays,
    blocks_of,
    effect_threshold,
    kolmogorov_smirnov_replays,
    mix_replays,
    replay_spans,
    replay_weights,
    spans_of,
    wasserstein_replays,
    without_noise,
)
from driftwheel.records import Records


def records(n: int, times=None, tags=None) -> Records:
    return Records(
        images=tuple(f"{i:05}.jpg" for i in range(n)),
        properties=np.zeros((n, 1), np.float32),
        property_names=("brightness",),
        times=None if times is None else np.array(times, dtype="datetime64[us]"),
        tags=tags or {},
    )


def test_a_block_is_a_camera_and_an_hour():
    start = datetime(2026, 11, 1)
    times = [start + timedelta(minutes=10 * i) for i in range(60)]
    cameras = tuple("ab"[i % 2] for i in range(60))
    blocks = blocks_of(records(60, times, {"camera": cameras}))
    assert blocks is not None
    assert len(np.unique(blocks)) == 20
    assert blocks[0] == blocks[2] != blocks[1]


@pytest.mark.parametrize("hours", [1, LEAST_BLOCKS - 1])
def test_too_few_blocks_are_no_blocks(hours: int):
    times = [datetime(2026, 11, 1) + timedelta(hours=i % hours) for i in range(60)]
    assert blocks_of(records(60, times)) is None


def test_without_times_and_tags_there_are_no_blocks():
    assert blocks_of(records(60)) is None


def test_a_block_is_drawn_whole():
    blocks = np.repeat(np.arange(10), 7).astype(np.intp)
    weights = replay_weights(70, 20, 50, np.random.default_rng(0), blocks)
    for row in weights.reshape(50, 10, 7):
        assert (row == row[:, :1]).all()
    assert weights.sum(axis=1) == pytest.approx(np.ones(50), abs=1e-6)


def test_of_large_references_little_more_than_the_weights_is_held():
    tracemalloc.start()
    weights = replay_weights(60_000, 60_000, 60, np.random.default_rng(0))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * weights.nbytes
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-4)
    whole = np.bincount(np.random.default_rng(0).integers(60_000, size=60_000), minlength=60_000)
    np.testing.assert_array_equal(weights[0], (whole / 60_000).astype(np.float32))


def test_a_span_without_any_value_gives_way_to_those_that_have_some():
    """Else its distance were that from nothing at all, which no drift ever passes."""
    rng = np.random.default_rng(0)
    spans = np.repeat(np.arange(20), 10)
    column = rng.normal(10.0, 0.1, 200)
    column[spans % 2 == 0] = np.nan
    windows, _ = replay_spans(spans, 300, rng)
    replays = Replays.of(windows, replay_weights(200, 200, 300, rng))
    empty = windows[:, spans % 2 == 1].sum(axis=1) == 0
    assert 100 < empty.sum() < 200
    kept = Replays.of(windows[~empty], replays.references[~empty])
    levels = np.where(np.isnan(column), -1, column > 10).astype(np.intp)
    for distances, values in (
        (wasserstein_replays, column),
        (kolmogorov_smirnov_replays, column),
        (mix_replays, levels),
    ):
        found, known = distances(values, replays), distances(values, kept)
        assert found[~empty] == pytest.approx(known)
        assert set(found[empty].round(6)) <= set(known.round(6))
    assert wasserstein_replays(column, replays).max() < 0.3


def test_where_no_span_has_a_value_nothing_has_moved():
    """One image alone has a value, which no window happened to draw."""
    windows = np.full((4, 10), 1 / 9, np.float32)
    windows[:, 0] = 0
    replays = Replays.of(windows, np.full((4, 10), 0.1, np.float32))
    levels = np.full(10, -1)
    levels[0] = 2
    assert mix_replays(levels, replays).tolist() == [0.0] * 4


def test_replayed_mixes_are_those_of_the_weighted_samples():
    rng = np.random.default_rng(1)
    levels = rng.integers(-1, 3, 60)
    left, right = replay_weights(60, 30, 5, rng), replay_weights(60, 60, 5, rng)
    shares = [
        np.array([side[:, levels == level].sum(axis=1) for level in range(3)])
        / side[:, levels >= 0].sum(axis=1)
        for side in (left, right)
    ]
    expected = 0.5 * np.abs(shares[0] - shares[1]).sum(axis=0)
    assert mix_replays(levels, Replays.of(left, right)) == pytest.approx(expected, rel=1e-4)


def test_replayed_distances_are_those_of_the_weighted_samples():
    rng = np.random.default_rng(1)
    column = rng.normal(size=40)
    left = replay_weights(40, 15, 5, rng)
    right = replay_weights(40, 40, 5, rng)
    expected = [wasserstein_distance(column, column, a, b) for a, b in zip(left, right, strict=True)]
    assert wasserstein_replays(column, Replays.of(left, right)) == pytest.approx(expected, rel=1e-4)


def test_cells_of_neighbours_lose_nothing_that_counts():
    rng = np.random.default_rng(5)
    column = rng.standard_t(3, size=5000)  # tails that reach far
    replays = Replays.of(replay_weights(5000, 100, 5, rng), replay_weights(5000, 5000, 5, rng))
    pairs = list(zip(replays.windows, replays.references, strict=True))
    expected = [wasserstein_distance(column, column, a, b) for a, b in pairs]
    assert wasserstein_replays(column, replays) == pytest.approx(expected, rel=5e-3)
    order = np.argsort(column)
    gaps = [np.abs(np.cumsum((a - b)[order])).max() for a, b in pairs]
    assert kolmogorov_smirnov_replays(column, replays) == pytest.approx(gaps, abs=0.01)


def test_replayed_kolmogorov_smirnov_takes_ties_together():
    rng = np.random.default_rng(6)
    column = rng.integers(0, 4, size=60).astype(float)
    column[:5] = np.nan
    left, right = replay_weights(60, 20, 4, rng), replay_weights(60, 60, 4, rng)
    expected = []
    for a, b in zip(left, right, strict=True):
        share = [np.array([w[column == v].sum() for v in range(4)]) for w in (a, b)]
        expected.append(np.abs(np.cumsum(share[0] / share[0].sum() - share[1] / share[1].sum())).max())
    assert kolmogorov_smirnov_replays(column, Replays.of(left, right)) == pytest.approx(expected, abs=1e-5)


def test_undefined_values_take_no_part():
    rng = np.random.default_rng(2)
    column = rng.normal(size=30)
    left, right = replay_weights(30, 30, 3, rng), replay_weights(30, 30, 3, rng)
    holed = np.concatenate([column, [np.nan, np.nan]])
    wide_left = np.hstack([left * 0.9, np.full((3, 2), 0.05, np.float32)])
    wide_right = np.hstack([right, np.zeros((3, 2), np.float32)])
    assert wasserstein_replays(holed, Replays.of(wide_left, wide_right)) == pytest.approx(
        wasserstein_replays(column, Replays.of(left, right)), rel=1e-4
    )


def test_blocks_that_differ_among_themselves_raise_the_threshold():
    rng = np.random.default_rng(3)
    blocks = np.repeat(np.arange(20), 25).astype(np.intp)
    column = rng.normal(size=20)[blocks] + 0.1 * rng.normal(size=500)
    thresholds = []
    for known in (None, blocks):
        left = replay_weights(500, 50, 200, rng, known)
        right = replay_weights(500, 500, 200, rng, known)
        replayed = wasserstein_replays(column, Replays.of(left, right)) / column.std()
        thresholds.append(effect_threshold(replayed, chance=0.0027, floor=0.1))
    assert thresholds[1] > 2 * thresholds[0]


def test_no_more_than_the_stated_share_of_fresh_windows_pass():
    rng = np.random.default_rng(4)
    reference = rng.normal(size=2000)
    left, right = replay_weights(2000, 50, 400, rng), replay_weights(2000, 2000, 400, rng)
    threshold = effect_threshold(
        wasserstein_replays(reference, Replays.of(left, right)), chance=0.05, floor=0.01
    )
    passed = [wasserstein_distance(reference, rng.normal(size=50)) > threshold for _ in range(400)]
    assert 0.02 < np.mean(passed) < 0.09


def test_the_floor_holds():
    assert effect_threshold(np.full(100, 1e-4), chance=0.01, floor=0.1) == 0.1


def days(n_days: int, a_day: int, hours: int = 16) -> Records:
    """Return records spread over the hours of some days."""
    start = datetime(2026, 11, 2)
    times = [
        start + timedelta(days=day, hours=6, minutes=60 * hours * i / a_day)
        for day in range(n_days)
        for i in range(a_day)
    ]
    return records(n_days * a_day, times)


@pytest.mark.parametrize(
    ("window", "spans"),
    [(days(1, 30), 10), (days(1, 30, hours=1), 160), (days(5, 10), None), (records(30), None)],
)
def test_a_span_is_as_long_as_the_window(window: Records, spans: int | None):
    found = spans_of(days(10, 160), window)
    assert (None if found is None else int(found.max()) + 1) == spans


def test_a_week_is_a_span_from_monday():
    found = spans_of(days(70, 20), days(5, 10))
    assert found is not None
    assert np.bincount(found).tolist() == [140] * 10


@pytest.mark.parametrize("reference", [days(7, 100), days(40, 4), records(900)])
def test_too_few_spans_and_too_small_ones_are_none(reference: Records):
    assert spans_of(reference, days(1, 30)) is None


def test_a_replayed_span_is_one_whole_span():
    spans = np.repeat(np.arange(4), [10, 20, 30, 40]).astype(np.intp)
    weights, images = replay_spans(spans, 200, np.random.default_rng(0))
    assert weights.sum(axis=1) == pytest.approx(np.ones(200), abs=1e-6)
    for row in weights:
        assert len(set(spans[row > 0])) == 1
        assert len(set(row[row > 0])) == 1
    assert {int((row > 0).sum()) for row in weights} == {10, 20, 30, 40}
    assert 15 < images < 25  # the harmonic mean is 19.2


def test_the_noise_of_few_images_is_taken_out_and_what_spans_differ_by_is_left():
    rng = np.random.default_rng(4)
    own = rng.normal(0, 0.2, 400)  # what spans differ by
    few, many = (own + rng.normal(0, 1 / np.sqrt(n), 400) for n in (50, 1000))
    plain = np.abs(rng.normal(0, 1 / np.sqrt(1000), 400))
    found = without_noise(np.abs(few), plain, 1000 / 50)
    assert np.sqrt(np.mean(found**2)) == pytest.approx(np.sqrt(np.mean(many**2)), rel=0.1)
    only_noise = without_noise(np.abs(rng.normal(0, 1 / np.sqrt(50), 400)), plain, 1000 / 50)
    assert np.sqrt(np.mean(only_noise**2)) < 0.07
    assert without_noise(np.zeros(3), plain, 20.0).tolist() == [0.0] * 3
    assert without_noise(plain, plain, 0.5) is plain
