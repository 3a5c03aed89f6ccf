"""Collusion: those who copy are found, those who are good or err on hard images are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from driftwheel.agreement.class_answers import Answer, class_answers
from driftwheel.agreement.collusion import CopyingPair, collusion_events, copying_pairs
from driftwheel.agreement.golden_bayes import golden_bayes
from driftwheel.errors import UsageError


def pairs_of(
    crowds: Any, counts: Mapping[str, int], seed: int, hard: float = 0.05, classes: int = 5
) -> tuple[CopyingPair, ...]:
    rng = np.random.default_rng(seed)
    crowd = crowds.make_crowd(rng, counts, classes)
    truth = rng.integers(classes, size=2000)
    answers = crowds.assigned(rng, crowds.answer_all(rng, crowd, truth, hard=hard), 3, crowd)
    golden = crowds.golden_of(rng, truth, 0.1)
    return copying_pairs(answers, golden_bayes(answers, golden).consensus.posterior, golden)


@pytest.mark.parametrize("classes", [2, 5])
def test_a_group_that_copies_is_found_whole_and_alone(crowds: Any, classes: int) -> None:
    events = collusion_events(pairs_of(crowds, {"good": 12, "colluding": 5}, 1, classes=classes))
    assert len(events) == 1
    assert sorted(events[0].annotators) == [f"colluding {i}" for i in range(12, 17)]
    assert events[0].action == "pause"
    assert events[0].numbers["agreed"] > events[0].numbers["expected"]


@pytest.mark.parametrize(
    "counts", [{"good": 20}, {"good": 10, "sloppy": 8}, {"good": 10, "random": 4, "one class": 3}]
)
@pytest.mark.parametrize("seed", range(3))
def test_the_honest_are_let_be(crowds: Any, counts: Mapping[str, int], seed: int) -> None:
    assert collusion_events(pairs_of(crowds, counts, seed)) == ()


def test_the_share_of_copies_is_estimated(crowds: Any) -> None:
    found = pairs_of(crowds, {"good": 12, "colluding": 4}, 3)
    copied = [one.copied for one in found if all(str(key).startswith("colluding") for key in one.annotators)]
    assert len(copied) == 6
    assert np.mean(copied) == pytest.approx(0.85, abs=0.12)
    honest = [one for one in found if not any(str(key).startswith("colluding") for key in one.annotators)]
    assert np.mean([one.agreed - one.expected for one in honest]) == pytest.approx(0.0, abs=3.0)


def test_pairs_with_little_in_common_are_passed_over() -> None:
    told = [Answer(t, who, "a") for t in range(14) for who in "xy"]
    given = class_answers(told, ["a", "b"])
    assert copying_pairs(given, np.full((14, 2), 0.5)) == ()
    assert len(copying_pairs(given, np.full((14, 2), 0.5), least_shared=14)) == 1
    assert copying_pairs(class_answers([], ["a", "b"]), np.empty((0, 2))) == ()


def test_two_groups_are_two_events() -> None:
    one = CopyingPair(("a", "b"), 50, 49, 30.0, 0.9, 0.0, 1e-9)
    other = CopyingPair(("c", "d"), 50, 49, 30.0, 0.9, 0.0, 1e-9)
    weak = CopyingPair(("b", "c"), 50, 35, 30.0, 0.1, 0.0, 1e-9)
    assert [event.annotators for event in collusion_events([one, other, weak])] == [("a", "b"), ("c", "d")]


def test_posteriors_that_do_not_fit_are_refused() -> None:
    given = class_answers([Answer(1, "x", "a")], ["a", "b"])
    with pytest.raises(UsageError, match=r"shape \(2, 2\) do not fit 1 tasks and 2 classes"):
        copying_pairs(given, np.full((2, 2), 0.5))
