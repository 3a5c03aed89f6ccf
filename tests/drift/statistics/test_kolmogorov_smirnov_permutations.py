from collections.abc import Callable

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftwheel.drift.statistics import kolmogorov_smirnov_permutations as module
from driftwheel.drift.statistics.kolmogorov_smirnov import kolmogorov_smirnov_columns
from driftwheel.drift.statistics.kolmogorov_smirnov_permutations import kolmogorov_smirnov_permutations
from driftwheel.drift.statistics.permutations import draw_labels
from driftwheel.errors import UsageError

values = st.floats(-100, 100) | st.integers(0, 3).map(float) | st.just(float("nan"))


@given(hnp.arrays(np.float64, st.tuples(st.integers(4, 25), st.integers(1, 3)), elements=values), st.data())
def test_every_permuted_statistic_is_the_statistic_of_the_permuted_samples(
    pooled: NDArray[np.float64], data: st.DataObject
) -> None:
    n = data.draw(st.integers(1, len(pooled) - 1))
    labels = draw_labels(n, len(pooled) - n, 6, np.random.default_rng(n))
    found = kolmogorov_smirnov_permutations(pooled[:n], pooled[n:], labels)
    observed = kolmogorov_smirnov_columns(pooled[:n], pooled[n:])
    assert found.observed == pytest.approx(np.nan_to_num(observed.statistic), abs=1e-6)
    assert (found.n_reference == observed.n_reference).all()
    for row, statistics in zip(labels, found.null, strict=True):
        known = kolmogorov_smirnov_columns(pooled[row], pooled[~row]).statistic
        assert statistics == pytest.approx(np.nan_to_num(known), abs=1e-6)


def test_equal_statistics_are_equal_to_the_bit() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=(37, 2)), rng.normal(size=(23, 2))
    labels = np.concatenate((draw_labels(37, 23, 5, rng), (np.arange(60) < 37)[None]))
    found = kolmogorov_smirnov_permutations(reference, current, labels)
    assert (found.null[-1] == found.observed).all()


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=(30, 3)), rng.integers(0, 4, size=(20, 3)).astype(float)
    reference[:4, 1] = np.nan
    labels = draw_labels(30, 20, 150, rng)
    whole = kolmogorov_smirnov_permutations(reference, current, labels)
    monkeypatch.setattr(module, "BLOCK_BYTES", 1)
    parts = kolmogorov_smirnov_permutations(reference, current, labels)
    assert (whole.null == parts.null).all()
    assert (whole.observed == parts.observed).all()


@pytest.mark.parametrize(("n", "m"), [(200, 200), (181, 200), (50_000, 49_999)])
def test_whole_numbers_of_every_width_hold_the_walk(n: int, m: int) -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=(n, 1)), rng.normal(1.0, 1.0, size=(m, 1))
    found = kolmogorov_smirnov_permutations(reference, current, draw_labels(n, m, 1, rng))
    assert found.observed == pytest.approx(kolmogorov_smirnov_columns(reference, current).statistic, abs=1e-6)


def test_angles_use_kuipers_statistic() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(0.0, 40.0, size=60) % 360, rng.normal(30.0, 40.0, size=40) % 360
    tables = [np.stack((sample, sample), axis=1) for sample in (reference, current)]
    found = kolmogorov_smirnov_permutations(*tables, draw_labels(60, 40, 9, rng), circular=[False, True])
    pooled = np.concatenate((reference, current))
    gap = (reference <= pooled[:, None]).mean(axis=1) - (current <= pooled[:, None]).mean(axis=1)
    assert found.observed[1] == pytest.approx(gap.max() - gap.min(), abs=1e-6)
    assert found.observed[0] == pytest.approx(kolmogorov_smirnov_columns(*tables).statistic[0], abs=1e-6)


@pytest.mark.parametrize("n", [20, 200])
def test_false_alarms_of_the_largest_column_are_exact(
    n: int, exact: Callable[[int, int, float], bool]
) -> None:
    rng = np.random.default_rng(n)
    alarms = 0
    for _ in range(300):
        pooled = rng.normal(size=(2 * n, 4))
        pooled[:, 1] = np.round(pooled[:, 1])
        pooled[rng.random(2 * n) < 0.3, 2] = np.nan
        pooled[:, 3] = pooled[:, 0] * 2 + 0.1 * pooled[:, 3]
        found = kolmogorov_smirnov_permutations(pooled[:n], pooled[n:], draw_labels(n, n, 59, rng))
        reached = np.count_nonzero(found.null.max(axis=1) >= found.observed.max())
        alarms += (1 + reached) / 60 <= 0.05
    assert exact(alarms, 300, 0.05)


def test_permutations_for_other_samples_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UsageError, match=r"expected bool of shape \(permutations, 10\)"):
        kolmogorov_smirnov_permutations(np.zeros((6, 1)), np.zeros((4, 1)), draw_labels(6, 5, 3, rng))
    with pytest.raises(UsageError, match="does not call 6 of the 10 images the reference"):
        kolmogorov_smirnov_permutations(np.zeros((6, 1)), np.zeros((4, 1)), draw_labels(5, 5, 3, rng))
    with pytest.raises(UsageError, match="one value for each of 1 columns"):
        kolmogorov_smirnov_permutations(
            np.zeros((6, 1)), np.zeros((4, 1)), draw_labels(6, 4, 3, rng), circular=[True, False]
        )
