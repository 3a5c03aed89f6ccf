"""Reconstruction drift: scipy's permutation test, laws, false alarms and power, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwheel.drift.reconstruction import PERMUTATIONS, reconstruction_drift
from driftwheel.errors import UsageError


def errors(n: int, seed: int, factor: float = 1.0) -> np.ndarray:
    """Skewed and positive, as reconstruction errors are; standard deviation a third of the mean."""
    return np.random.default_rng(seed).gamma(9.0, 0.01 * factor, n)


def compare(held_out, current, *, seed=0, alpha=0.05, **options):
    return reconstruction_drift(held_out, current, rng=np.random.default_rng(seed), alpha=alpha, **options)


@pytest.mark.parametrize(("n", "m"), [(60, 25), (25, 60), (300, 20)])
@pytest.mark.parametrize("factor", [0.85, 1.0, 1.1])
def test_the_p_value_is_that_of_scipy(n, m, factor):
    held_out, current = errors(n, 1), errors(m, 2, factor)
    expected = stats.permutation_test(
        (current, held_out),
        lambda x, y, axis: x.mean(axis) - y.mean(axis),
        vectorized=True,
        n_resamples=20_000,
        rng=np.random.default_rng(3),
    ).pvalue
    found = compare(held_out, current)
    # both have about sqrt(p / permutations) of chance in them
    assert found.p_value == pytest.approx(expected, abs=6 * np.sqrt(max(expected, 0.001) / PERMUTATIONS))


def test_effect_is_percent_over_the_mean_of_the_held_out():
    found = compare(np.full(50, 0.1) + np.tile([0.01, -0.01], 25), np.full(30, 0.125))
    assert found.baseline == pytest.approx(0.1)
    assert found.effect == pytest.approx(25.0)
    assert (found.n_reference, found.n_current, found.images_needed) == (50, 30, 0)


def test_the_threshold_is_what_windows_of_this_size_stay_within():
    held_out = errors(2000, 1)
    found = compare(held_out, errors(50, 2, 1.3), alpha=0.05)
    spread = held_out.std() / held_out.mean() * np.sqrt(1 / 50 + 1 / 2000)
    assert found.threshold == pytest.approx(100 * np.expm1(1.959964 * spread), rel=1e-5)
    fallen = compare(held_out, errors(50, 2, 0.8), alpha=0.05)
    assert fallen.threshold == pytest.approx(-100 * np.expm1(-1.959964 * spread), rel=1e-5)


def test_errors_that_fall_are_drift_too():
    found = compare(errors(500, 1), errors(100, 2, 0.7), alpha=0.001)
    assert found.drifted
    assert found.effect == pytest.approx(-30, abs=8)


def test_a_shift_of_a_twentieth_of_a_standard_deviation_never_alarms():
    held_out = errors(2000, 1)
    found = compare(held_out, np.repeat(held_out, 10) + 0.05 * held_out.std())
    assert found.p_value < 0.05
    assert not found.drifted
    assert found.threshold >= 10 * held_out.std() / held_out.mean()


def test_a_few_bad_images_among_many_are_seen():
    current = errors(1000, 2)
    current[:30] *= 5
    assert compare(errors(4000, 1), current, alpha=0.0027).drifted


@pytest.mark.parametrize(("n", "m", "missing"), [(500, 8, 12), (19, 500, 1), (500, 0, 20), (0, 500, 20)])
def test_too_few_are_not_judged(n, m, missing):
    found = compare(errors(n, 1), errors(m, 2, 9.0))
    assert (found.drifted, found.p_value, found.images_needed) == (False, 1.0, missing)


@given(
    seed=st.integers(0, 99),
    factor=st.floats(0.2, 5),
    scale=st.sampled_from([1e-3, 8.0]),
    m=st.integers(20, 60),
)
def test_the_unit_of_the_errors_does_not_matter(seed, factor, scale, m):
    held_out, current = errors(80, seed), errors(m, seed + 100, factor)
    found, scaled = compare(held_out, current), compare(held_out * scale, current * scale)
    assert scaled.p_value == pytest.approx(found.p_value)
    assert (scaled.drifted, round(scaled.effect, 6)) == (found.drifted, round(found.effect, 6))
    assert 0 < found.p_value <= 1


def test_the_same_seed_gives_the_same_answer_and_order_does_not_matter():
    held_out, current = errors(200, 1), errors(40, 2, 1.1)
    assert compare(held_out, current) == compare(held_out, current)
    turned = compare(held_out[::-1], current[::-1]).p_value
    assert turned == pytest.approx(compare(held_out, current).p_value, abs=0.02)


def test_equal_errors_are_no_drift():
    found = compare(np.full(30, 0.1), np.full(40, 0.1))
    assert (found.p_value, found.drifted) == (1.0, False)


def test_false_alarms_are_as_many_as_they_should_be():
    rng = np.random.default_rng(5)
    p_values = np.array(
        [
            compare(rng.gamma(4.0, 0.01, 400), rng.gamma(4.0, 0.01, 20), seed=seed).p_value
            for seed in range(400)
        ]
    )
    low, high = stats.binom.ppf([0.001, 0.999], 400, 0.05)
    assert low <= np.count_nonzero(p_values <= 0.05) <= high
    assert stats.kstest(p_values, "uniform").pvalue > 0.001


def test_power_on_a_known_change():
    found = [
        compare(errors(1000, 2 * seed), errors(50, 2 * seed + 1, 1.25), seed=seed) for seed in range(100)
    ]
    # a difference of 0.75 standard deviations at n = 50: t of 5.2
    assert np.mean([one.drifted for one in found]) >= 0.97


def test_blocks_that_vary_together_raise_the_threshold():
    rng = np.random.default_rng(0)
    blocks = np.repeat(np.arange(40), 25)
    held_out = errors(1000, 1) * rng.lognormal(0, 0.2, 40)[blocks]
    current = errors(100, 2)
    assert compare(held_out, current, blocks=blocks).threshold > 2 * compare(held_out, current).threshold


def test_numbers_of_blocks_may_have_gaps():
    """They are those of all images, of which the held-out ones are a part."""
    rng = np.random.default_rng(0)
    numbers = np.repeat(np.arange(40), 25)
    held_out = errors(1000, 1) * rng.lognormal(0, 0.2, 40)[numbers]
    current = errors(100, 2)
    assert compare(held_out, current, blocks=3 + 7 * numbers) == compare(held_out, current, blocks=numbers)


@pytest.mark.parametrize("blocks", [np.repeat([0, 5], 500), np.arange(1000) % 200])
def test_blocks_that_tell_nothing_do_not_lower_the_threshold(blocks):
    """Few are no measure of what they vary by, and random ones vary by no more than images do."""
    held_out, current = errors(1000, 1), errors(100, 2)
    assert compare(held_out, current, blocks=blocks).threshold >= compare(held_out, current).threshold


@pytest.mark.parametrize("bad", [[[0.1, 0.2]], [0.1, np.nan] * 20, [0.1, -0.1] * 20, [0.1, np.inf] * 20])
def test_what_are_no_errors_is_refused(bad):
    with pytest.raises(UsageError, match="`current` must be one column of reconstruction errors"):
        compare(errors(50, 1), bad)
    with pytest.raises(UsageError, match="`held_out` must be one column"):
        compare(bad, errors(50, 1))
    with pytest.raises(UsageError, match="All errors of `held_out` are 0"):
        compare(np.zeros(50), errors(50, 1))
