"""Harm: known answers, and how often it is claimed where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.wheel.harm import LEAST_SAMPLE, judge_harm


def test_a_loss_is_harm_when_it_is_large_enough_and_sure() -> None:
    lost = judge_harm(60, 80, 0.95, 0.05)
    assert (lost.state, lost.accuracy) == ("shown", 0.75)
    assert lost.loss == pytest.approx(0.2)
    assert judge_harm(740, 800, 0.95, 0.05).state == "not_shown"  # sure, and small
    assert judge_harm(18, 20, 0.95, 0.05).state == "not_shown"  # large, and not sure


def test_too_few_labels_say_nothing() -> None:
    assert judge_harm(0, LEAST_SAMPLE - 1, 0.95, 0.05).state == "unknown"
    assert judge_harm(0, LEAST_SAMPLE, 0.95, 0.05).state == "shown"
    assert judge_harm(0, 0, 0.95, 0.05).accuracy is None
    assert judge_harm(10, 80, None, 0.05).state == "unknown"


def test_of_models_that_lost_nothing_few_are_said_to_be_harmed() -> None:
    rng = np.random.default_rng(20261123)
    right = rng.binomial(80, 0.95, 4000)
    said = [judge_harm(int(k), 80, 0.95, 0.05).state == "shown" for k in right]
    assert np.mean(said) < 0.07  # the interval of 90 % leaves out 5 % above; counts are whole


def test_mistakes_are_told() -> None:
    with pytest.raises(UsageError, match="Of 3 labels 4 cannot be right"):
        judge_harm(4, 3, 0.9, 0.05)
