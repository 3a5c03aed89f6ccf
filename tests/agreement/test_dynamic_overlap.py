"""Dynamic overlap: the decisions by hand, and what they save at equal accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.agreement.confidence_calibration import calibrate_confidence, calibrated
from driftwheel.agreement.dynamic_overlap import OverlapRule, decide_overlap
from driftwheel.agreement.golden_bayes import golden_bayes
from driftwheel.errors import UsageError


@pytest.mark.parametrize(
    ("sure", "n", "action"),
    [
        (1.0, 0, "ask"),
        (1.0, 1, "ask"),
        (0.95, 2, "stop"),
        (0.94, 2, "ask"),
        (0.94, 4, "ask"),
        (0.94, 5, "dispute"),
        (0.95, 5, "stop"),
        (0.5, 7, "dispute"),
    ],
)
def test_decisions_of_the_default(sure: float, n: int, action: str) -> None:
    assert decide_overlap(sure, n).action == action


def test_a_fixed_overlap_never_asks_for_more_nor_disputes() -> None:
    fixed = OverlapRule(3, 3)
    assert [decide_overlap(0.1, n, fixed).action for n in range(5)] == ["ask", "ask", "ask", "stop", "stop"]


def test_the_reason_names_the_numbers() -> None:
    assert (
        decide_overlap(0.7, 5).reason == "After 5 answers, the most there are, the consensus is 70.0% sure."
    )


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 9))
def test_who_is_surer_is_not_asked_more(one: float, other: float, n: int) -> None:
    rank = {"stop": 0, "ask": 1, "dispute": 1}
    low, high = sorted((one, other))
    assert rank[decide_overlap(high, n).action] <= rank[decide_overlap(low, n).action]


def test_it_saves_answers_at_equal_accuracy(crowds: Any) -> None:
    rng = np.random.default_rng(0)
    crowd = crowds.make_crowd(rng, {"good": 14, "sloppy": 6}, 4)
    truth = rng.integers(4, size=2500)
    said = crowds.answer_all(rng, crowd, truth)
    golden = crowds.golden_of(rng, truth, 0.1)
    who = rng.random(said.shape).argsort(axis=1)[:, :5]
    right, given_ = {}, {}
    n = np.full(2500, 2)
    for overlap in (3, 5, None):
        while True:
            kept = np.arange(5) < np.where(overlap, overlap or 0, n)[:, None]
            tasks, place = np.nonzero(kept)
            answers = crowds.as_answers(rng, tasks, who[tasks, place], said, crowd)
            found = golden_bayes(answers, golden).consensus
            sure = calibrated(found.posterior, calibrate_confidence(found.posterior, golden)).max(axis=1)
            decisions = [decide_overlap(float(c), int(k)).action for c, k in zip(sure, n, strict=True)]
            asked = np.array([one == "ask" for one in decisions])
            if overlap or not asked.any():
                break
            n[asked] += 1
        real = golden < 0
        right[overlap], given_[overlap] = (found.labels == truth)[real].mean(), len(answers)
    assert right[None] > right[3] + 0.01
    assert right[None] > right[5] - 0.015
    assert given_[None] < 0.7 * given_[5]


def test_rules_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match="overlap of 3 to 2"):
        OverlapRule(3, 2)
    with pytest.raises(UsageError, match=r"confidence of 1.2"):
        decide_overlap(1.2, 3)
