import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.errors import UsageError
from driftwheel.performance.average_thresholded_confidence import average_thresholded_confidence


def table(sure: list[float]) -> np.ndarray:
    return np.column_stack([sure, 1 - np.array(sure)])


def test_by_hand() -> None:
    # two of five are wrong: the threshold is the third lowest score, 0.8
    scores = table([0.6, 0.7, 0.8, 0.9, 0.99])
    correct = np.array([False, True, True, True, False])
    found = average_thresholded_confidence(scores, correct, table([0.75, 0.79, 0.8, 0.95]))
    assert (found.threshold, found.at_threshold, found.accuracy) == (0.8, 1.0, 0.5)


@given(
    st.lists(st.sampled_from([0.5, 0.6, 0.7, 0.8, 0.9, 1.0]), min_size=1, max_size=40),
    st.data(),
    st.sampled_from(["max_confidence", "negative_entropy"]),
)
def test_of_the_reference_it_is_exact_whatever_ties(
    sure: list[float], data: st.DataObject, score: str
) -> None:
    correct = np.array(data.draw(st.lists(st.booleans(), min_size=len(sure), max_size=len(sure))))
    found = average_thresholded_confidence(table(sure), correct, table(sure), score=score)
    assert found.accuracy == pytest.approx(correct.mean())


@pytest.mark.parametrize("score", ["max_confidence", "negative_entropy"])
def test_calibrated_scores_of_other_certainty(score: str) -> None:
    """ATC needs right answers to be the sure ones; where a score is that of one class, they are."""
    rng = np.random.default_rng(0)

    def drawn(shape: float, n: int) -> tuple[np.ndarray, np.ndarray]:
        sure = 0.5 + rng.beta(shape, 1, n) / 2
        return table(sure.tolist()), sure > 0.7

    scores, correct = drawn(2, 5000)
    now, right = drawn(1, 5000)
    found = average_thresholded_confidence(scores, correct, now, score=score)
    assert found.accuracy == pytest.approx(right.mean(), abs=0.02)


def test_the_order_of_the_rows_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    scores, now, correct = rng.dirichlet([1, 1, 1], 60), rng.dirichlet([2, 1, 1], 40), rng.random(60) < 0.7
    one, other = rng.permutation(60), rng.permutation(40)
    first = average_thresholded_confidence(scores, correct, now)
    second = average_thresholded_confidence(scores[one], correct[one], now[other])
    assert first == second


def test_all_wrong_and_all_right() -> None:
    scores = table([0.6, 0.9])
    assert average_thresholded_confidence(scores, np.zeros(2, bool), scores).accuracy == 0.0
    assert average_thresholded_confidence(scores, np.ones(2, bool), scores).accuracy == 1.0


def test_a_score_that_there_is_not() -> None:
    with pytest.raises(UsageError, match="expected 'max_confidence' or 'negative_entropy'"):
        average_thresholded_confidence([[1.0]], np.array([True]), [[1.0]], score="margin")
    with pytest.raises(UsageError, match="two classes or more"):
        average_thresholded_confidence([[1.0]], np.array([True]), [[1.0]], score="negative_entropy")
