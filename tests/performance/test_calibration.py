from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from driftwheel.performance.calibration import Calibration, calibration


def binned(scores: np.ndarray, right: np.ndarray, seed: int = 0) -> Calibration:
    place = np.minimum((scores * 10).astype(int), 9)
    n = np.bincount(place, minlength=10)
    mean = np.bincount(place, scores, 10) / np.maximum(n, 1)
    hits = np.bincount(place, right, 10)
    return calibration(mean, hits, n, n / n.sum(), rng=np.random.default_rng(seed))


def test_the_curve_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.3, 1.0, 2000)
    right = rng.random(2000) < scores**2
    accuracy, confidence = calibration_curve(right, scores, n_bins=10)
    found = binned(scores, right)
    assert [one.accuracy.value for one in found.bins] == pytest.approx(accuracy.tolist())
    assert [one.confidence for one in found.bins] == pytest.approx(confidence.tolist())
    share = [one.share for one in found.bins]
    assert found.error.value == pytest.approx(float(np.abs(accuracy - confidence) @ share))


def test_perfect_scores_are_within_the_noise_and_overconfident_ones_are_not() -> None:
    rng = np.random.default_rng(1)
    scores = rng.uniform(0.5, 1.0, 400)
    perfect = [binned(scores, rng.random(400) < scores, seed) for seed in range(60)]
    assert np.mean([one.error.value <= one.noise for one in perfect]) >= 0.85
    assert np.mean([one.error.low < 0.02 for one in perfect]) >= 0.85
    over = [binned(scores, rng.random(400) < scores - 0.15, seed) for seed in range(60)]
    assert all(one.error.value > one.noise for one in over)
    assert np.mean([one.error.low <= 0.15 <= one.error.high for one in over]) >= 0.8


def test_without_labels() -> None:
    found = calibration([0.5], [0], [0], [1.0], rng=np.random.default_rng(0))
    assert found.error.value is None
    assert found.bins == ()
