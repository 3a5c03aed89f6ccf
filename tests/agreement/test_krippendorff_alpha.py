"""Krippendorff's α: his own example, the laws it obeys, and an interval that holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.agreement.class_answers import Answer, class_answers
from driftwheel.agreement.krippendorff_alpha import krippendorff_alpha
from driftwheel.errors import UsageError

# K. Krippendorff, "Computing Krippendorff's alpha-reliability", 2011, section C: 4 observers, 12 units.
OBSERVED = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
CLASSES = list("12345")


def told(rows: list[str]) -> list[Answer]:
    return [
        Answer(task, who, label)
        for who, row in enumerate(rows)
        for task, label in enumerate(row)
        if label != "."
    ]


def test_the_example_of_the_book() -> None:
    found = krippendorff_alpha(class_answers(told(OBSERVED), CLASSES), np.random.default_rng(0))
    assert found.alpha == pytest.approx(0.743, abs=5e-4)
    assert (found.n_tasks, found.n_answers) == (11, 40)
    assert found.low < found.alpha <= found.high + 1e-9


@given(st.lists(st.text("123", min_size=2, max_size=4), min_size=2, max_size=12), st.permutations("123"))
def test_names_of_classes_and_annotators_do_not_matter(tasks: list[str], names: list[str]) -> None:
    one = [Answer(t, who, label) for t, row in enumerate(tasks) for who, label in enumerate(row)]
    renamed = dict(zip("123", names, strict=True))
    other = [Answer(a.task, -int(a.annotator), renamed[a.label]) for a in one]
    first, second = (
        krippendorff_alpha(class_answers(each, list("123")), np.random.default_rng(0), draws=20).alpha
        for each in (one, other)
    )
    assert first == pytest.approx(second, nan_ok=True)
    assert not first > 1


def test_all_alike_all_the_same_and_nothing_to_compare() -> None:
    rng = np.random.default_rng(0)
    assert krippendorff_alpha(class_answers(told(["1212", "1212"]), CLASSES), rng).alpha == 1.0
    assert np.isnan(krippendorff_alpha(class_answers(told(["1111", "1111"]), CLASSES), rng).alpha)
    alone = krippendorff_alpha(class_answers(told(["1212"]), CLASSES), rng)
    assert np.isnan(alone.alpha)
    assert alone.n_tasks == 0


def test_of_guesses_it_is_zero_and_the_interval_holds_it(crowds: Any) -> None:
    held = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        crowd = crowds.make_crowd(rng, {"random": 6}, 3)
        said = crowds.answer_all(rng, crowd, np.zeros(150, np.intp))
        found = krippendorff_alpha(crowds.assigned(rng, said, 3, crowd), rng, draws=200)
        held += found.low <= 0 <= found.high
    assert held >= 34  # of 40 at 95 %


def test_few_draws_are_refused() -> None:
    with pytest.raises(UsageError, match="5 bootstrap draws; give at least 20"):
        krippendorff_alpha(class_answers([], CLASSES), np.random.default_rng(0), draws=5)
