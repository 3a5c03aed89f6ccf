"""Simulated annotators: they are as good, as quick and as lazy as they are said to be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.agreement.simulated_annotator import (
    POOR,
    SimulatedAnnotator,
    expected_accuracy,
    make_annotator,
    simulate_answer,
)
from driftwheel.errors import UsageError

KINDS = ("good", "careless", "lazy", "spammer", "first-class")


def said(annotator: SimulatedAnnotator, truth: int, n: int = 1500) -> list[int | None]:
    rng = np.random.default_rng(3)
    return [simulate_answer(annotator, truth, rng).label for _ in range(n)]


def test_a_good_one_is_right_as_often_as_told_and_takes_as_long() -> None:
    rng = np.random.default_rng(1)
    good = make_annotator("good", 3, 0.8, seconds=5.0)
    answers = [simulate_answer(good, 1, rng) for _ in range(1500)]
    assert np.mean([one.label == 1 for one in answers]) == pytest.approx(0.8, abs=0.04)
    assert np.median([one.seconds for one in answers]) == pytest.approx(5.0, rel=0.1)


def test_a_matrix_says_what_is_taken_for_what() -> None:
    ann = make_annotator("good", 2, [[9, 1], [5, 5]])
    assert ann.confusion == ((0.9, 0.1), (0.5, 0.5))
    assert expected_accuracy(ann, [0, 1]) == pytest.approx(0.7)
    assert expected_accuracy(ann, []) is None


def test_the_kinds() -> None:
    assert set(said(make_annotator("first-class", 3), 2)) == {0}
    assert said(make_annotator("lazy", 3), 2).count(None) == pytest.approx(600, abs=90)
    spammer = make_annotator("spammer", 4)
    assert expected_accuracy(spammer, [0, 1, 2, 3]) == pytest.approx(0.25)
    careless = expected_accuracy(make_annotator("careless", 2, 0.92), [0, 1])
    assert careless is not None
    assert 0.6 < careless < POOR < 0.92
    assert make_annotator("spammer", 2).seconds < make_annotator("careless", 2).seconds


def test_what_nobody_knows_is_skipped() -> None:
    assert simulate_answer(make_annotator("good", 2), None, np.random.default_rng(0)).label is None


@given(st.sampled_from(KINDS), st.integers(2, 9), st.floats(0, 1))
def test_rows_are_chances_and_seconds_are_above_zero(kind: str, k: int, quality: float) -> None:
    one = make_annotator(kind, k, quality)  # type: ignore[arg-type]
    assert np.allclose(np.sum(one.confusion, axis=1), 1)
    answer = simulate_answer(one, k - 1, np.random.default_rng(0))
    assert answer.seconds > 0
    assert answer.label is None or 0 <= answer.label < k
    assert answer == simulate_answer(one, k - 1, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("quality", "n", "message"),
    [
        (1.2, 2, "give a share from 0 to 1"),
        (0.9, 1, "at least 2 are needed"),
        ([[1, 0]], 2, "need 2 × 2"),
        ([[1, 0], [0, 0]], 2, "something in each row"),
    ],
)
def test_what_is_no_quality(quality: object, n: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make_annotator("good", n, quality)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="more than 0"):
        make_annotator("good", 2, seconds=0.0)
