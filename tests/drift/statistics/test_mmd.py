from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from driftwheel.drift.statistics import mmd as module
from driftwheel.drift.statistics.mmd import BANDWIDTHS, median_distance, mmd, mmd_permutations
from driftwheel.drift.statistics.permutations import draw_labels, permutation_p_value
from driftwheel.errors import IncomparableError, UsageError


def _by_definition(first: NDArray[np.float64], second: NDArray[np.float64], width: float) -> float:
    """The unbiased estimate as Gretton et al. 2012 write it in lemma 6."""

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.exp(-((a[:, None] - b) ** 2).sum(axis=-1) / (2 * width**2))

    n, m = len(first), len(second)
    within = (kernel(first, first).sum() - n) / (n * (n - 1))
    other = (kernel(second, second).sum() - m) / (m * (m - 1))
    return float(within + other - 2 * kernel(first, second).mean())


@pytest.mark.parametrize("tile", [7, 16, 512])
@pytest.mark.parametrize(("n", "m"), [(30, 21), (21, 30), (25, 25), (40, 2)])
def test_every_statistic_is_the_definition(
    n: int, m: int, tile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TILE", tile)
    rng = np.random.default_rng(n)
    pooled = rng.normal(size=(n + m, 6)) + 5.0
    pooled[n:] += 0.4
    labels = draw_labels(n, m, 5, rng)
    found = mmd_permutations(pooled[:n], pooled[n:], labels, rng=rng)
    for place, width in enumerate(found.bandwidths):
        assert found.observed[place] == pytest.approx(_by_definition(pooled[:n], pooled[n:], width), abs=2e-6)
        for row, statistics in zip(labels, found.null, strict=True):
            assert statistics[place] == pytest.approx(
                _by_definition(pooled[row], pooled[~row], width), abs=2e-6
            )


@pytest.mark.parametrize("tile", [16, 512])
@pytest.mark.parametrize(("n", "m"), [(230, 107), (107, 230), (100, 100)])
def test_cells_change_no_statistic(n: int, m: int, tile: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TILE", tile)
    rng = np.random.default_rng(n)
    first, second = rng.normal(size=(n, 6)), rng.normal(0.3, 1.0, size=(m, 6))
    cells = np.concatenate([rng.permutation(n) // 4, n + rng.permutation(m) // 4])
    labels = draw_labels(n, m, 9, rng, cells)
    plain = mmd_permutations(first, second, labels, rng=np.random.default_rng(0))
    summed = mmd_permutations(first, second, labels, rng=np.random.default_rng(0), cells=cells)
    assert summed.observed == pytest.approx(plain.observed, abs=2e-6)
    assert summed.null == pytest.approx(plain.null, abs=2e-6)


def test_bandwidths_are_those_of_the_median_distance() -> None:
    rng = np.random.default_rng(0)
    pooled = rng.normal(size=(200, 4)).astype(np.float32)
    distances = np.sqrt(((pooled[:, None] - pooled) ** 2).sum(axis=-1))[np.triu_indices(200, 1)]
    assert median_distance(pooled, rng) == pytest.approx(np.median(distances), rel=1e-4)
    found = mmd_permutations(pooled[:90], pooled[90:], draw_labels(90, 110, 2, rng), rng=rng)
    assert found.bandwidths == pytest.approx(np.array(BANDWIDTHS) * np.median(distances), rel=1e-4)


def test_many_copies_of_one_image() -> None:
    rng = np.random.default_rng(0)
    reference = np.zeros((50, 3))
    reference[:2] = rng.normal(size=(2, 3))
    assert mmd(reference, np.zeros((40, 3)), rng=rng, permutations=99).p_value > 0.05  # type: ignore[operator]
    constant = mmd(np.ones((20, 3)), np.ones((30, 3)), rng=rng, permutations=99)
    assert (constant.statistic, constant.p_value) == (0.0, 1.0)
    assert mmd(np.ones((20, 3)), np.zeros((30, 3)), rng=rng, permutations=99).p_value == 0.01


def test_outliers_far_away_do_not_underflow_into_slowness_or_nan() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=(60, 3)), rng.normal(size=(60, 3))
    current[0] = 1e4
    found = mmd_permutations(reference, current, draw_labels(60, 60, 9, rng), rng=rng)
    assert np.isfinite(found.null).all()
    for place, width in enumerate(found.bandwidths):
        assert found.observed[place] == pytest.approx(_by_definition(reference, current, width), abs=1e-4)


def test_threads_change_nothing_and_the_seed_decides() -> None:
    data = np.random.default_rng(0).normal(size=(2, 700, 5))
    found = [
        mmd(*data, rng=np.random.default_rng(4), permutations=50, threads=threads) for threads in (1, 2, 1)
    ]
    assert found[0] == found[1] == found[2]


def test_aggregate_treats_the_observed_like_the_permuted() -> None:
    rng = np.random.default_rng(0)
    data = rng.normal(size=(60, 3))
    labels = np.concatenate((draw_labels(30, 30, 20, rng), (np.arange(60) < 30)[None]))
    found = mmd_permutations(data[:30], data[30:], labels, rng=rng)
    observed, null = found.aggregate()
    assert null[-1] == observed
    together = np.vstack((found.observed, found.null))
    assert null == pytest.approx(((together - together.mean(axis=0)) / together.std(axis=0)).max(axis=1)[1:])


@pytest.mark.parametrize(("n", "m"), [(20, 20), (200, 40)])
def test_false_alarm_rate(n: int, m: int, honest: Callable[[int, int, float], bool]) -> None:
    rng = np.random.default_rng(n)
    alarms = 0
    for trial in range(200):
        pooled = rng.normal(size=(n + m, 5))
        if trial % 2:
            pooled = np.round(pooled)
        alarms += mmd(pooled[:n], pooled[n:], rng=rng, permutations=39).p_value <= 0.05  # type: ignore[operator]
    assert honest(alarms, 200, 0.05)


def test_power_at_small_and_large_scales() -> None:
    rng = np.random.default_rng(0)
    moved, lumpy, median_alone = [], [], []
    for _ in range(40):
        reference = rng.normal(size=(100, 8))
        moved.append(mmd(reference, rng.normal(0.3, 1.0, size=(60, 8)), rng=rng, permutations=99).p_value)
        heaps = rng.integers(0, 2, size=(200, 1)) * np.array([6.0, 6.0])  # as wide apart, but each is tighter
        tight, loose = rng.normal(0, 0.4, size=(100, 2)), rng.normal(0, 1.2, size=(100, 2))
        found = mmd_permutations(
            heaps[:100] + tight, heaps[100:] + loose, draw_labels(100, 100, 99, rng), rng=rng
        )
        lumpy.append(permutation_p_value(*found.aggregate()))
        median_alone.append(permutation_p_value(float(found.observed[1]), found.null[:, 1]))
    assert np.mean(np.array(moved) <= 0.05) > 0.9
    assert np.mean(np.array(lumpy) <= 0.05) > 0.9
    assert np.mean(np.array(median_alone) <= 0.05) < 0.3  # what the other bandwidths are for


def test_effect_is_the_root_of_the_statistic() -> None:
    rng = np.random.default_rng(0)
    found = mmd(rng.normal(size=(80, 2)), rng.normal(3, 1, size=(80, 2)), rng=rng, permutations=99)
    assert found.effect == pytest.approx(np.sqrt(found.statistic))
    assert 0.5 < found.effect < np.sqrt(2)
    assert permutation_p_value(1.0, np.zeros(99)) == found.p_value


def test_usage() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(IncomparableError, match="made by different embedders"):
        mmd(np.zeros((9, 2)), np.zeros((9, 3)), rng=rng)
    with pytest.raises(UsageError, match="at least 2"):
        mmd(np.zeros((9, 2)), np.zeros((1, 2)), rng=rng)
    with pytest.raises(UsageError, match="make the permutations with `draw_labels`"):
        mmd_permutations(np.zeros((9, 2)), np.zeros((9, 2)), draw_labels(8, 10, 3, rng), rng=rng)
