"""α with a distance: the nominal one where the distance is nominal; boxes that agree and that do not."""

from __future__ import annotations

import numpy as np
import pytest

from driftwheel.agreement.box_answers import BoxAnswer, DrawnBox, box_answers
from driftwheel.agreement.class_answers import Answer, class_answers
from driftwheel.agreement.distance_alpha import box_alpha, box_distance, distance_alpha
from driftwheel.agreement.krippendorff_alpha import krippendorff_alpha


def test_with_the_nominal_distance_it_is_nominal_alpha() -> None:
    rng = np.random.default_rng(0)
    told = [
        Answer(t, who, "ab"[(t + (rng.random() < 0.2)) % 2]) for t in range(40) for who in range(2 + t % 3)
    ]
    given = class_answers(told, ["a", "b"])
    labels = given.labels
    found = distance_alpha(given.tasks, lambda i, j: float(labels[i] != labels[j]), np.random.default_rng(1))
    nominal = krippendorff_alpha(given, np.random.default_rng(1))
    # nominal α draws its expected pairs within tasks too, which is of the order of 1 / answers
    assert found.alpha == pytest.approx(nominal.alpha, abs=0.03)
    assert (found.low, found.high) == pytest.approx((nominal.low, nominal.high), abs=0.08)
    assert (found.n_tasks, found.n_answers) == (nominal.n_tasks, nominal.n_answers)


def drawings(jitter: float, missed: float) -> float:
    rng = np.random.default_rng(3)
    told = []
    for task in range(60):
        truth = rng.uniform(0, 500, size=(2, 2))
        for who in range(3):
            boxes = tuple(
                DrawnBox("car", float(x + rng.normal(0, jitter)), float(y), 40.0, 40.0)
                for x, y in truth
                if rng.random() >= missed
            )
            told.append(BoxAnswer(task, who, boxes))
    return box_alpha(box_answers(told, ["car"]), np.random.default_rng(0), draws=20).alpha


def test_boxes_worse_drawn_agree_less() -> None:
    close, loose, missing = drawings(1.0, 0.0), drawings(6.0, 0.0), drawings(1.0, 0.5)
    assert close > 0.9
    assert close > loose + 0.1
    assert close > missing + 0.3


def test_distance_of_boxes_by_hand() -> None:
    one = np.array([[0.0, 0, 10, 10, 0], [50, 0, 10, 10, 0]])
    car = np.zeros(2, np.intp)
    shifted = np.array([[2.5, 0.0, 10, 10, 0]])  # overlap 75 / 125
    assert box_distance(one, shifted, car, car[:1]) == pytest.approx(1 - 2 * 0.6 / 3)
    assert box_distance(one[:0], one[:0], car[:0], car[:0]) == 0.0
    assert box_distance(one, one[:0], car, car[:0]) == 1.0


def test_one_task_says_nothing() -> None:
    told = [BoxAnswer("t", who, ()) for who in "ab"]
    assert np.isnan(box_alpha(box_answers(told, ["car"]), np.random.default_rng(0)).alpha)
