"""The rules: known answers, the family-wise law, and what a wrong dial says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from driftwheel.drift import rules
from driftwheel.errors import UsageError


def test_alpha_keeps_the_rate_over_a_year() -> None:
    alpha = rules.alpha_for(1.0, 365.0)
    assert (1 - alpha) ** 365 == pytest.approx(np.exp(-1.0))  # a Poisson stream of rate 1


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_a_dial_that_cannot_be_used_is_named(rate: float) -> None:
    with pytest.raises(UsageError, match=r"false_alarms_per_year is .*; give a number above 0"):
        rules.alpha_for(rate, 365.0)


def test_every_window_cannot_be_a_false_alarm() -> None:
    rules.check_dial(364.9, 365)
    with pytest.raises(UsageError, match="false_alarms_per_year is 365, but with windows_per_year 365 every"):
        rules.alpha_for(365.0, 365.0)
    with pytest.raises(UsageError, match="--rate is 400, but with --windows 365 every window"):
        rules.check_dial(400, 365, names=("--rate", "--windows"))


def test_a_dial_that_no_window_could_reach_is_refused() -> None:
    rules.check_dial(365e-6, 365)
    with pytest.raises(UsageError, match=r"false_alarms_per_year is 1e-09; .* Give at least 0.000365, for"):
        rules.check_dial(1e-9, 365)
    with pytest.raises(UsageError, match=r"Give at least 0\.000365"):
        rules.check_dial(1e-320, 365)
    with pytest.raises(UsageError, match=r"--rate is 0.005; with --windows 8760 .* Give at least 0.00876"):
        rules.check_dial(0.005, 8760, names=("--rate", "--windows"))


def test_holm_against_a_worked_example() -> None:
    # R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm")
    assert rules.holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])


def test_holm_leaves_out_tests_that_were_not_made() -> None:
    assert rules.holm([0.01, np.nan, 0.04])[[0, 2]] == pytest.approx([0.02, 0.04])
    assert np.isnan(rules.holm([0.01, np.nan, 0.04])[1])
    assert rules.holm([]).shape == (0,)


@given(hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 1)))
def test_holm_lies_between_raw_and_bonferroni_and_keeps_order(p: np.ndarray) -> None:
    adjusted = rules.holm(p)
    assert np.all(adjusted >= p)
    assert np.all(adjusted <= np.minimum(p * p.size, 1) + 1e-12)
    assert np.all(np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0)


def test_holm_keeps_the_family_wise_error() -> None:
    p = np.random.default_rng(0).random((4000, 20))
    rate = np.mean([rules.holm(row).min() <= 0.05 for row in p])
    assert 0.04 < rate < 0.06


def test_images_needed_looks_at_both_sides() -> None:
    assert rules.images_needed(5, 100) == 15
    assert rules.images_needed(20, 20) == 0
