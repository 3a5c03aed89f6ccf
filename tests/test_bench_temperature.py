"""The temperature that the accuracy benchmark scales the published methods by."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from driftwheel.errors import UsageError

sys.path.insert(0, str(Path(__file__).parent.parent / "bench"))
try:
    from temperature import fit_temperature, with_temperature
finally:
    del sys.path[0]


def calibrated(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, 4))
    truth = np.array([rng.choice(4, p=row) for row in softmax(logits, axis=1)])
    return logits, truth


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0, 4.0])
def test_scores_made_too_sure_are_brought_back(factor: float) -> None:
    logits, truth = calibrated(6000)
    found = fit_temperature(softmax(logits * factor, axis=1), truth)
    assert found.temperature == pytest.approx(factor, rel=0.06)
    assert found.loss <= found.loss_before + 1e-9
    assert found.n == 6000


def test_it_is_the_best_there_is() -> None:
    logits, truth = calibrated(500)
    scores = softmax(logits * 3, axis=1)
    found = fit_temperature(scores, truth)

    def loss(temperature: float) -> float:
        return -np.log(with_temperature(scores, temperature)[np.arange(500), truth]).mean()

    assert found.loss == pytest.approx(loss(found.temperature), abs=1e-6)
    assert found.loss <= min(loss(t) for t in np.linspace(0.1, 19, 400)) + 1e-6


def test_the_named_class_stays() -> None:
    scores = np.random.default_rng(0).dirichlet([1, 1, 1], 50)
    scaled = with_temperature(scores, 3.0)
    assert (scaled.argmax(axis=1) == scores.argmax(axis=1)).all()
    assert np.allclose(scaled.sum(axis=1), 1)
    assert np.allclose(with_temperature(scores, 1.0), scores)


def test_a_score_of_zero_and_an_unknown_class_do_not_break_it() -> None:
    found = fit_temperature([[1.0, 0.0], [1.0, 0.0], [0.6, 0.4]], [0, 1, -1])
    assert found.n == 2
    assert np.isfinite(found.loss)


@pytest.mark.parametrize(
    ("scores", "truth", "said"),
    [
        ([[0.5, 0.5]], [-1], "nothing to fit to"),
        ([[1.0]], [0], "two classes or more"),
        ([[0.5, 0.5]], [2], "columns of the scores, 0 to 1"),
        ([[0.5, 0.5]], [0, 1], "1 rows of scores and truths of shape"),
        ([[1.5, 0.5]], [0], "apply softmax"),
    ],
)
def test_what_cannot_be_fitted(scores: list, truth: list, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        fit_temperature(scores, truth)


def test_a_temperature_of_nothing() -> None:
    with pytest.raises(UsageError, match="above 0"):
        with_temperature([[0.5, 0.5]], 0.0)
