"""Majority vote and the rule for ties: known answers, and no dependence on the order of answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.agreement.class_answers import Answer, ClassAnswers, class_answers
from driftwheel.agreement.consensus import with_known_truth
from driftwheel.agreement.majority_vote import majority_vote
from driftwheel.errors import UsageError

CLASSES = ["cat", "dog", "cow"]


def told(text: dict[str, str]) -> ClassAnswers:
    """Answers of annotators 0, 1, … a task: a letter each."""
    names = {"c": "cat", "d": "dog", "w": "cow"}
    return class_answers(
        [Answer(t, who, names[x]) for t, all_ in text.items() for who, x in enumerate(all_)], CLASSES
    )


def test_the_most_votes_win() -> None:
    found = majority_vote(told({"1": "ccd", "2": "wdw"}))
    assert found.labels.tolist() == [0, 2]
    assert found.confidence == pytest.approx([2 / 3, 2 / 3])
    assert not found.tied.any()


def test_a_tie_goes_to_the_class_named_more_often_then_to_the_first() -> None:
    found = majority_vote(told({"1": "cd", "2": "ddd", "3": "cw"}))
    assert found.labels.tolist() == [1, 1, 0]
    assert found.tied.tolist() == [True, False, True]


def test_weights_count() -> None:
    answers = told({"1": "cdd"})
    assert majority_vote(answers, [5.0, 1.0, 1.0]).labels.tolist() == [0]
    with pytest.raises(UsageError, match=r"one number ≥ 0 an annotator \(3\)"):
        majority_vote(answers, [1.0, -1.0, 1.0])


def test_a_task_without_an_answer_has_no_label() -> None:
    answers = class_answers([Answer("b", 0, "dog")], CLASSES, tasks=["a", "b"])
    found = majority_vote(answers)
    assert found.labels.tolist() == [-1, 1]
    assert found.posterior[0] == pytest.approx([1 / 3] * 3)
    assert with_known_truth(found, np.array([2, -1])).labels.tolist() == [2, 1]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2)), max_size=25), st.randoms()
)
def test_the_order_of_answers_does_not_matter(rows: list[tuple[int, int, int]], random: object) -> None:
    unique = {(t, a): Answer(t, a, CLASSES[c]) for t, a, c in rows}
    given_ = list(unique.values())
    mixed = given_.copy()
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one = majority_vote(class_answers(given_, CLASSES, tasks=range(6)))
    other = majority_vote(class_answers(mixed, CLASSES, tasks=range(6)))
    assert one.labels.tolist() == other.labels.tolist()
