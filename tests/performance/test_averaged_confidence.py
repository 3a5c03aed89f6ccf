import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.performance.averaged_confidence import averaged_confidence


def test_calibrated_scores_are_right_without_any_reference() -> None:
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1, 40_000)
    right = rng.random(40_000) < sure
    scores = np.column_stack([sure, 1 - sure])
    found = averaged_confidence(scores[:20_000], right[:20_000], scores[20_000:])
    assert found.accuracy == pytest.approx(right[20_000:].mean(), abs=0.01)
    assert found.difference == pytest.approx(right[20_000:].mean(), abs=0.01)


def test_of_the_reference_the_difference_is_its_accuracy() -> None:
    scores = np.random.default_rng(0).dirichlet([1, 1], 30)
    right = np.arange(30) < 21
    found = averaged_confidence(scores, right, scores)
    assert found.difference == pytest.approx(0.7)
    assert (found.n_reference, found.n_current) == (30, 30)


def test_the_difference_stays_a_share() -> None:
    low, high = [[0.5, 0.5]] * 4, [[1.0, 0.0]] * 4
    assert averaged_confidence(high, np.zeros(4, bool), low).difference == 0.0
    assert averaged_confidence(low, np.ones(4, bool), high).difference == 1.0


def test_what_is_no_correctness() -> None:
    with pytest.raises(UsageError, match="one bool for each of 1 rows"):
        averaged_confidence([[0.5, 0.5]], np.array([1]), [[0.5, 0.5]])
