"""The parts of the diagnosis: window likelihood, misfit, mixture, features, frozen frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwheel.drift.diagnosis.fault_features import STORAGE
from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.drift.diagnosis.fault_misfit import misfit_limit
from driftwheel.drift.diagnosis.fault_mixture import fit_mixture
from driftwheel.drift.diagnosis.fault_model import SHARES, FaultModel, fit_window, window_covariance
from driftwheel.drift.diagnosis.fault_reweighting import content_groups, reweight
from driftwheel.drift.diagnosis.frozen_frames import find_frozen_frames
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.records import Records


def model(shifts: list[list[float]], spread: float = 1.0, doubt: float = 0.01) -> FaultModel:
    shift = np.array(shifts)
    k, d = shift.shape
    cases = tuple(FaultCase("blur", i % 5 + 1, "") for i in range(k))
    eye = np.broadcast_to(np.eye(d), (k, d, d))
    return FaultModel(
        cases, np.zeros(d), np.eye(d), shift, spread * eye, doubt * eye, np.eye(d), 0.001 * np.eye(d)
    )


def test_the_likelihood_is_that_of_the_normal_distribution() -> None:
    one = model([[1.0, 2.0, -1.0]], spread=0.7)
    window = np.random.default_rng(0).normal(0.5, 1, (30, 3))
    mean = window.mean(axis=0)
    direct = [
        stats.multivariate_normal.logpdf(mean, share * one.shift[0], window_covariance(one, 30, share)[0])
        for share in SHARES
    ]
    usual = stats.multivariate_normal.logpdf(mean, np.zeros(3), np.eye(3) / 30 + 0.001 * np.eye(3))
    fit = fit_window(one, window)
    assert fit.log_likelihood[0] == pytest.approx(max(direct) - usual)
    assert fit.share[0] == SHARES[int(np.argmax(direct))]


def test_the_covariance_is_that_of_the_mean_of_such_a_window() -> None:
    one = model([[3.0, 0.0]], spread=0.5, doubt=0.04)
    rng = np.random.default_rng(1)
    size, share = 20, 0.35
    means = []
    for _ in range(6_000):
        affected = rng.random(size) < share
        shift = one.shift[0] + rng.normal(0, 0.2, 2)
        rows = np.where(
            affected[:, None], shift + rng.normal(0, np.sqrt(0.5), (size, 2)), rng.normal(0, 1, (size, 2))
        )
        means.append(rows.mean(axis=0) + rng.normal(0, np.sqrt(0.001), 2))
    seen = np.cov(np.array(means).T)
    np.testing.assert_allclose(seen, window_covariance(one, size, share)[0], atol=0.02)


def test_the_nearest_case_wins_and_explains_the_shift() -> None:
    three = model([[4.0, 0.0], [0.0, 4.0], [-4.0, 0.0]])
    fit = fit_window(three, np.random.default_rng(2).normal([0, 4], 1, (50, 2)))
    assert int(fit.log_likelihood.argmax()) == 1
    assert fit.share[1] == 1.0
    assert fit.explained[1] > 0.98
    assert fit.misfit[1] < 3


def test_windows_that_have_the_fault_seldom_exceed_the_limit() -> None:
    rng = np.random.default_rng(3)
    d = 8
    one = model([[2.0] + [0.0] * (d - 1)], doubt=0.005)
    affected, usual = rng.normal(one.shift[0], 1, (80, d)), rng.normal(0, 1, (400, d))
    exceeded = 0
    for _ in range(300):
        window = rng.normal(one.shift[0] + rng.normal(0, np.sqrt(0.005), d), 1, (50, d))
        fit = fit_window(one, window)
        limit = misfit_limit(one, affected, usual, size=50, share=float(fit.share[0]), rng=rng)
        exceeded += bool(fit.misfit[0] > limit)
    assert exceeded <= stats.binom.ppf(0.999, 300, 0.01)
    off = fit_window(one, rng.normal([2.0, 1.0] + [0.0] * (d - 2), 1, (50, d)))
    assert off.misfit[0] > misfit_limit(one, affected, usual, size=50, share=1.0, rng=rng)


@given(
    share=st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]),
    length=st.floats(3.0, 12.0),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_the_mixture_finds_the_share(share: float, length: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shift = np.array([[length, 0.0, 0.0], [0.0, -length, 0.0]])
    affected = np.arange(100) < 100 * share
    window = rng.standard_normal((100, 3)) + affected[:, None] * shift[0]
    mixture = fit_mixture(window, shift)
    assert mixture.share[0] == pytest.approx(share, abs=0.35 / length + 0.06)
    np.testing.assert_allclose(mixture.share, mixture.posterior.mean(axis=0), atol=0.002)
    assert np.all((mixture.posterior >= 0) & (mixture.posterior <= 1))
    if share > 0:
        assert mixture.log_likelihood[0] >= mixture.log_likelihood[1]


def test_reweighting_finds_the_mix_and_admits_what_it_cannot_explain() -> None:
    rng = np.random.default_rng(0)
    means, mix = rng.normal(0, 3, (4, 6)), np.full(4, 0.25)
    weights = np.array([0.7, 0.1, 0.2, 0.0])
    found = reweight(weights @ means, 0.02 * np.eye(6), means, mix)
    np.testing.assert_allclose(found.weights, weights, atol=1e-4)
    assert found.moved == pytest.approx(0.45, abs=1e-4)
    assert found.misfit < 1e-4
    outside = np.linalg.svd(means)[2][-1]
    assert reweight(weights @ means + outside, 0.02 * np.eye(6), means, mix).misfit > 5


def test_groups_are_those_of_like_content() -> None:
    rng = np.random.default_rng(0)
    content = np.concatenate([rng.normal(centre, 0.5, (40, 2)) for centre in (-9, 9)])
    groups = content_groups(content)
    assert not set(groups[:40]) & set(groups[40:])
    assert len(np.unique(groups)) == 80 // 25
    assert set(content_groups(content[:20])) == {0}


def test_how_a_file_is_stored_is_no_feature() -> None:
    assert set(PROPERTY_NAMES) >= STORAGE


def frames(values: np.ndarray, times: np.ndarray | None = None) -> Records:
    names = tuple(f"{i:03d}" for i in range(len(values)))
    return Records(names, values.astype(np.float32), ("brightness", "near_duplicate"), times=times)


def test_repeats_are_counted_beyond_those_of_the_reference() -> None:
    rng = np.random.default_rng(0)
    reference = frames(np.stack([rng.normal(100, 10, 200), np.zeros(200)], axis=1))
    values = np.stack([rng.normal(100, 10, 100), np.zeros(100)], axis=1)
    assert not find_frozen_frames(reference, frames(values)).frozen
    values[31:61, 0] = values[30, 0]
    found = find_frozen_frames(reference, frames(values))
    assert found.frozen
    assert found.share == pytest.approx(0.3)
    np.testing.assert_array_equal(np.flatnonzero(found.repeats), np.arange(31, 61))
    usual = reference.take(np.repeat(np.arange(100), 2))
    assert not find_frozen_frames(usual, frames(values)).frozen


def test_repeats_follow_time_rather_than_names() -> None:
    rng = np.random.default_rng(0)
    reference = frames(np.stack([rng.normal(100, 10, 200), np.zeros(200)], axis=1))
    values = np.stack([np.tile(rng.normal(100, 10, 2), 30), np.zeros(60)], axis=1)
    hour = np.datetime64("2026-01-01T00:00", "us") + (np.arange(60) % 2 * 60 + np.arange(60) // 2).astype(
        "timedelta64[m]"
    )
    assert not find_frozen_frames(reference, frames(values)).frozen
    timed = find_frozen_frames(reference, replace(frames(values), times=hour))
    assert timed.frozen
    assert timed.repeats.sum() == 58
