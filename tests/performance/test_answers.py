import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.performance.answers import Answers, KnownAnswers, known_answers_from_scores


def test_what_was_right() -> None:
    found = known_answers_from_scores([[0.2, 0.8], [0.6, 0.4], [0.9, 0.1]], [1, 1, -1])
    assert found.correct.tolist() == [True, False, False]
    assert found.confidence.tolist() == [0.8, 0.6, 0.9]
    again = found.take(np.array([2, 0, 0]))
    assert again.correct.tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("confidence", "predicted", "said"),
    [
        ([0.5, float("nan")], [0, 0], "without NaN"),
        ([1.5], [0], "in \\[0, 1\\]"),
        ([0.5], [-1], "from 0 on; got -1"),
        ([0.5], [0, 1], "of one length"),
    ],
)
def test_what_is_no_answer(confidence: list, predicted: list, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Answers(np.array(confidence), np.array(predicted))


def test_truths_that_do_not_fit() -> None:
    with pytest.raises(UsageError, match="1 answers and truths"):
        KnownAnswers(np.array([0.5]), np.array([0]), np.array([0, 1]))
