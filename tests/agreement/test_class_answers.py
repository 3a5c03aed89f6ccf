"""Answers as columns: the last one counts, and what does not fit is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.agreement.class_answers import Answer, as_golden, class_answers, golden_column, vote_counts
from driftwheel.errors import UsageError

TOLD = [Answer("t1", "ann", "cat", 1.0), Answer("t1", "bob", "dog", 2.0), Answer("t2", "ann", "dog", 3.0)]

rows = st.lists(
    st.builds(
        Answer,
        st.integers(0, 4),
        st.integers(0, 3),
        st.sampled_from(["cat", "dog", "cow"]),
        st.integers(0, 5).map(float),
    ),
    max_size=30,
)


def test_columns_hold_what_was_told() -> None:
    found = class_answers(TOLD, ["cat", "dog"], tasks=["t0"])
    assert found.task_keys == ("t0", "t1", "t2")
    assert found.tasks.tolist() == [1, 1, 2]
    assert vote_counts(found).tolist() == [[0, 0], [1, 1], [0, 1]]
    assert found.incidence().toarray().sum(axis=1).tolist() == [0, 2, 1]


@given(rows)
def test_the_last_answer_of_an_annotator_counts(told: list[Answer]) -> None:
    found = class_answers(told, ["cat", "dog", "cow"])
    expected = {}
    for one in sorted(told, key=lambda one: one.time):  # stable: of equal times the later one
        expected[one.task, one.annotator] = one.label
    got = {
        (found.task_keys[t], found.annotator_keys[a]): found.classes[label]
        for t, a, label in zip(found.tasks, found.annotators, found.labels, strict=True)
    }
    assert got == expected


def test_the_banned_are_left_out_and_everything_else_stays() -> None:
    found = class_answers(TOLD, ["cat", "dog"]).without(["bob", "nobody"])
    assert found.tasks.tolist() == [0, 1]
    assert found.annotator_keys == ("ann", "bob")


def test_golden_tasks_by_key() -> None:
    found = class_answers(TOLD, ["cat", "dog"])
    assert golden_column(found, {"t2": "dog", "elsewhere": "cat"}).tolist() == [-1, 1]
    assert as_golden(found, None).tolist() == [-1, -1]


def test_an_unknown_class_is_refused_with_a_hint() -> None:
    with pytest.raises(UsageError, match=r"'dgo', which the project has not. Did you mean 'dog'"):
        class_answers([Answer("t", "a", "dgo")], ["cat", "dog"])
    with pytest.raises(UsageError, match=r"golden task is of the class 'cta'.*Did you mean 'cat'"):
        golden_column(class_answers(TOLD, ["cat", "dog"]), {"t1": "cta"})


def test_what_does_not_fit_is_refused() -> None:
    found = class_answers(TOLD, ["cat", "dog"])
    with pytest.raises(UsageError, match="class number 2; with 2 of them they go from 0 to 1"):
        replace(found, labels=np.array([0, 1, 2]))
    with pytest.raises(UsageError, match="answered a task twice"):
        replace(found, tasks=np.zeros(3, np.intp), annotators=np.zeros(3, np.intp))
    with pytest.raises(UsageError, match="at least 2 classes; got 1"):
        replace(found, classes=("cat",), labels=np.zeros(3, np.intp))
    with pytest.raises(UsageError, match="columns of one length"):
        replace(found, times=np.zeros(2))
    with pytest.raises(UsageError, match="has no time"):
        replace(found, times=np.array([0.0, np.nan, 1.0]))
    with pytest.raises(UsageError, match="one class number a task"):
        as_golden(found, [0])
