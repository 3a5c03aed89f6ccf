"""Calibration: confidence that means what it says, from few known tasks and from many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwheel.agreement.confidence_calibration import calibrate_confidence, calibrated
from driftwheel.agreement.golden_bayes import golden_bayes
from driftwheel.errors import UsageError


def test_a_known_temperature_is_found() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(5_000, 4)) * 2
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (rng.random(5_000)[:, None] > chances.cumsum(axis=1)).sum(axis=1)
    sharpened = chances**2 / (chances**2).sum(axis=1, keepdims=True)
    found = calibrate_confidence(sharpened, truth)
    assert found.temperature == pytest.approx(2.0, rel=0.1)
    assert found.loss_after < found.loss_before
    assert calibrated(sharpened, found) == pytest.approx(chances, abs=0.03)


def test_three_golden_tasks_change_little_and_none_change_nothing() -> None:
    sure = np.tile([0.99, 0.01], (3, 1))
    few = calibrate_confidence(sure, [0, 0, 0])
    assert (few.temperature, few.doubt) == pytest.approx((1.0, 0.0), abs=0.1)
    found = calibrate_confidence(sure, [-1, -1, -1])
    assert (found.temperature, found.doubt, found.n) == (1.0, 0.0, 0)
    assert calibrated(sure, found) == pytest.approx(sure)


def test_of_a_crowd_with_hard_images_it_says_how_often_it_is_right(crowds: Any) -> None:
    rng = np.random.default_rng(2)
    crowd = crowds.make_crowd(rng, {"good": 12, "sloppy": 8}, 4)
    truth = rng.integers(4, size=6000)
    answers = crowds.assigned(rng, crowds.answer_all(rng, crowd, truth, hard=0.1), 3, crowd)
    golden = crowds.golden_of(rng, truth, 0.1)
    found = golden_bayes(answers, golden).consensus
    sure = calibrated(found.posterior, calibrate_confidence(found.posterior, golden)).max(axis=1)
    real = golden < 0
    right = (found.labels == truth)[real].mean()
    assert sure[real].mean() == pytest.approx(right, abs=0.03)
    assert abs(found.confidence[real].mean() - right) > abs(sure[real].mean() - right)


def test_answers_that_say_nothing_bound_the_confidence() -> None:
    rng = np.random.default_rng(4)
    truth = rng.integers(2, size=4000)
    said = np.where(rng.random(4000) < 0.2, rng.integers(2, size=4000), truth)
    posterior = np.where(said[:, None] == np.arange(2), 0.999, 0.001)
    found = calibrated(posterior, calibrate_confidence(posterior, truth)).max(axis=1)
    assert found == pytest.approx(0.9, abs=0.02)


def test_what_is_no_posterior_is_refused() -> None:
    with pytest.raises(UsageError, match="chances ≥ 0 that sum to 1"):
        calibrate_confidence([[0.5, 0.6]], [0])
    with pytest.raises(UsageError, match="one row a task"):
        calibrate_confidence([[0.5, 0.5]], [0, 1])
