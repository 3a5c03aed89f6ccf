"""Prediction: known answers, and the false-alarm rate under correlation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from driftwheel.monitors.prediction import bounds, p_value_of, predict

ALPHA = 0.01


def test_without_correlation_it_is_the_textbook_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwheel.monitors.prediction._correlation", lambda deviations: 0.0)
    values = [3.1, 2.9, 3.4, 3.0, 2.6, 3.3]
    found = predict(values, np.zeros(6), 0.0)
    t = (4.0 - np.mean(values)) / (np.std(values, ddof=1) * np.sqrt(1 + 1 / 6))
    assert found.freedom == 5
    assert p_value_of(4.0, found, "above") == pytest.approx(stats.t.sf(t, 5))
    assert p_value_of(4.0, found, "either") == pytest.approx(2 * stats.t.sf(t, 5))


@pytest.mark.parametrize("side", ["above", "below", "either"])
def test_what_lies_on_the_bound_has_the_p_value(side: str) -> None:
    found = predict([3.1, 2.9, 3.4, 3.0, 2.6], np.zeros(5), 0.0)
    for bound in bounds(found, ALPHA, side):  # type: ignore[arg-type]
        if np.isfinite(bound):
            assert p_value_of(bound, found, side) == pytest.approx(ALPHA)  # type: ignore[arg-type]


def test_windows_that_vary_no_more_than_their_samples_are_predicted_from_those() -> None:
    found = predict([1.0, 1.0, 1.0, 1.0, 1.0], np.full(5, 0.01), 0.04)
    assert found.centre == 1.0
    assert 0.2 < found.scale < 0.22


def test_what_never_varied_has_a_least_scale() -> None:
    assert predict(np.ones(5), np.zeros(5), 0.0, least_scale=0.1).scale == 0.1
    exact = predict(np.ones(5), np.zeros(5), 0.0)
    assert (p_value_of(1.0, exact, "above"), p_value_of(2.0, exact, "above")) == (1.0, 0.0)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6, 0.8])
@pytest.mark.parametrize("windows", [5, 10, 40])
def test_false_alarms_of_windows_that_are_correlated(windows: int, correlation: float) -> None:
    rng = np.random.default_rng(windows)
    trials = 2000
    steps = rng.standard_normal((trials, windows + 1))
    values = np.empty_like(steps)
    values[:, 0] = steps[:, 0]
    for i in range(1, windows + 1):
        values[:, i] = correlation * values[:, i - 1] + np.sqrt(1 - correlation**2) * steps[:, i]
    nothing = np.zeros(windows)
    alarms = sum(p_value_of(row[-1], predict(row[:-1], nothing, 0.0), "either") < ALPHA for row in values)
    assert alarms <= stats.binom.ppf(0.9999, trials, 1.3 * ALPHA)
