"""Skill from golden tasks: the exact interval of scipy, and the order of time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from driftwheel.agreement.class_answers import Answer, class_answers, golden_column
from driftwheel.agreement.golden_skill import golden_results, golden_skills, skill_of
from driftwheel.errors import UsageError

TOLD = [
    Answer("g1", "ann", "a", 3.0),
    Answer("g2", "ann", "a", 1.0),
    Answer("g3", "ann", "b", 2.0),
    Answer("t", "ann", "b", 4.0),
    Answer("g1", "bob", "b", 1.0),
]


@given(st.data(), st.integers(1, 300))
def test_the_interval_is_that_of_scipy(data: st.DataObject, n: int) -> None:
    right = data.draw(st.integers(0, n))
    expected = binomtest(right, n).proportion_ci(0.95, method="exact")
    found = skill_of(right, n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert found.low <= found.share <= found.high


def test_of_nobody_anything_is_possible() -> None:
    found = skill_of(0, 0)
    assert (found.low, found.high) == (0.0, 1.0)
    assert np.isnan(found.share)


def test_skills_by_annotator_and_class() -> None:
    given_ = class_answers(TOLD, ["a", "b"])
    golden = golden_column(given_, {"g1": "a", "g2": "b", "g3": "b"})
    ann, bob = golden_skills(given_, golden)
    assert (ann.annotator, ann.right, ann.n, ann.by_class) == ("ann", 2, 3, ((1, 1), (1, 2)))
    assert (bob.right, bob.n) == (0, 1)
    assert golden_results(given_, golden, "ann").tolist() == [False, True, True]


def test_mistakes_are_told() -> None:
    with pytest.raises(UsageError, match="3 of 2 right"):
        skill_of(3, 2)
    with pytest.raises(UsageError, match="no annotator 'cem' among the 2"):
        golden_results(class_answers(TOLD, ["a", "b"]), None, "cem")  # type: ignore[arg-type]
