import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from driftwheel.drift.statistics.wasserstein import (
    wasserstein,
    wasserstein_circular,
    wasserstein_columns,
    wasserstein_from_histograms,
)
from driftwheel.errors import UsageError

Floats = NDArray[np.float64]
numbers = st.floats(-1000, 1000, allow_subnormal=False) | st.integers(-3, 3).map(float)
samples = hnp.arrays(np.float64, st.integers(1, 30), elements=numbers)
angles = hnp.arrays(np.float64, st.integers(1, 20), elements=st.integers(0, 71).map(lambda five: 5.0 * five))


@given(samples, samples)
def test_distance_is_scipys(reference: Floats, current: Floats) -> None:
    known = stats.wasserstein_distance(reference, current)
    assert wasserstein(reference, current).statistic == pytest.approx(known, rel=1e-9, abs=1e-9)


@given(samples, samples, samples)
def test_a_metric(first: Floats, second: Floats, third: Floats) -> None:
    direct = wasserstein(first, second).statistic
    assert wasserstein(second, first).statistic == pytest.approx(direct, rel=1e-9, abs=1e-9)
    detour = wasserstein(first, third).statistic + wasserstein(third, second).statistic
    assert direct <= detour + 1e-9
    assert wasserstein(first, first[::-1]).statistic == 0.0


def test_effect_is_in_reference_sigmas_whatever_the_unit() -> None:
    rng = np.random.default_rng(0)
    reference = rng.normal(size=400)
    found = wasserstein(reference, reference + 0.7 * reference.std())
    assert found.effect == pytest.approx(0.7)
    scaled = wasserstein(1000 * reference - 5, 1000 * (reference + 0.7 * reference.std()) - 5)
    assert scaled.effect == pytest.approx(0.7)
    assert found.p_value is None


def test_a_constant_reference_has_the_stated_rule() -> None:
    assert wasserstein([224.0] * 90, [512.0] * 10).effect == pytest.approx(2.0)
    assert wasserstein([0.1] * 90, [0.1] * 10).effect == 0.0
    half = wasserstein([224.0] * 90, [512.0, 224.0]).effect
    assert half == pytest.approx(0.5 / np.sqrt(0.25 * 0.75))


def test_columns_agree_with_the_single_measure() -> None:
    rng = np.random.default_rng(0)
    reference, current = (
        rng.normal(size=(50, 3)).astype(np.float32),
        rng.normal(1, 2, size=(30, 3)).astype(np.float32),
    )
    reference[:5, 1] = np.nan
    current[:, 2] = np.nan
    found = wasserstein_columns(reference, current)
    for column in (0, 1):
        single = wasserstein(reference[:, column], current[:, column])
        assert found.statistic[column] == pytest.approx(single.statistic, rel=1e-12)
        assert found.effect[column] == pytest.approx(single.effect, rel=1e-12)
    assert np.isnan(found.statistic[2])
    assert np.isnan(found.effect[2])
    assert found.n_reference.tolist() == [50, 45, 50]


@given(
    hnp.arrays(np.float64, (30,), elements=st.floats(0, 99.99)),
    hnp.arrays(np.float64, (20,), elements=st.floats(0, 99.99)),
    st.sampled_from([2, 10, 100]),
)
def test_histograms_are_within_their_stated_error(reference: Floats, current: Floats, bins: int) -> None:
    edges = np.linspace(0, 100, bins + 1) ** 1.5
    counts = [np.histogram(sample**1.5, edges)[0] for sample in (reference, current)]
    found = wasserstein_from_histograms(counts[0], counts[1], edges)
    exact = wasserstein(reference**1.5, current**1.5).statistic
    assert abs(found.statistic[0] - exact) <= found.error[0] * (1 + 1e-9) + 1e-9


def test_histogram_effect_uses_the_known_sigma_or_the_bins() -> None:
    counts, other, edges = [10, 20, 10], [0, 10, 30], [0.0, 1.0, 2.0, 3.0]
    assert wasserstein_from_histograms(counts, other, edges).effect[0] == pytest.approx(0.75 / np.sqrt(0.5))
    assert wasserstein_from_histograms(counts, other, edges, 3.0).effect[0] == pytest.approx(0.25)
    constant = wasserstein_from_histograms([4, 0], [0, 4], [0.0, 1.0, 2.0], reference_sigma=[0.0])
    assert constant.effect.tolist() == [2.0]


@pytest.mark.parametrize(
    ("edges", "message"), [([0.0, 1.0], "2 bins need 3 edges"), ([0.0, 2.0, 1.0], "finite and ascending")]
)
def test_edges_that_cannot_be(edges: list[float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        wasserstein_from_histograms([1, 2], [2, 1], edges)


@given(angles, angles, st.integers(0, 71))
def test_circular_distance_is_the_best_over_all_cuts_and_turns_with_the_circle(
    reference: Floats, current: Floats, turn: int
) -> None:
    found = wasserstein_circular(reference, current)
    cuts = [
        stats.wasserstein_distance((reference - cut) % 360, (current - cut) % 360)
        for cut in np.arange(2.5, 360, 5)
    ]
    assert found.statistic <= min(cuts) + 1e-9
    turned = wasserstein_circular(reference + 5.0 * turn, current + 5.0 * turn - 720.0)
    assert turned.statistic == pytest.approx(found.statistic, abs=1e-9)
    assert 0 <= found.statistic <= 180.0 + 1e-9
    mass = [
        np.bincount((sample / 5).astype(int), minlength=72) / sample.size for sample in (reference, current)
    ]
    gaps = np.cumsum(mass[0] - mass[1])
    assert found.statistic == pytest.approx(min(5.0 * np.abs(gaps - level).sum() for level in gaps), abs=1e-9)


def test_circular_known_answers() -> None:
    assert wasserstein_circular([359.0], [1.0]).statistic == pytest.approx(2.0)
    assert wasserstein_circular([0.0, 180.0], [90.0, 270.0]).statistic == pytest.approx(90.0)
    hue = np.random.default_rng(0).normal(0.0, 10.0, size=500)
    assert wasserstein_circular(hue, hue + 20.0).effect == pytest.approx(2.0, rel=0.1)
    assert wasserstein_circular([10.0, 10.0], [10.0]).effect == 0.0
    assert wasserstein_circular([10.0, 10.0], [40.0]).effect == pytest.approx(2.0)
    assert np.isnan(wasserstein_circular([np.nan], [40.0]).statistic)
    with pytest.raises(UsageError, match="`period` is 0"):
        wasserstein_circular([1.0], [2.0], period=0)
