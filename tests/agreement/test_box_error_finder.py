"""The error finder for boxes: each kind of mistake is named, planted ones come first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftwheel.agreement.box_answers import DrawnBox
from driftwheel.agreement.box_error_finder import ScoredBox, find_box_errors
from driftwheel.errors import UsageError

CAR, BUS = DrawnBox("car", 0, 0, 40, 40), DrawnBox("bus", 100, 0, 40, 40)


def kinds(labelled: list[DrawnBox], predicted: list[ScoredBox]) -> list[tuple[str, float]]:
    return [(one.kind, round(one.suspicion, 2)) for one in find_box_errors("t", labelled, predicted)]


def test_each_kind() -> None:
    assert kinds([], [ScoredBox(CAR, 0.9)]) == [("missing", 0.9)]
    assert kinds([CAR], []) == [("extra", 1.0)]
    assert kinds([CAR], [ScoredBox(replace(CAR, label="bus"), 0.8)]) == [("class", 0.8)]
    beside = kinds([CAR], [ScoredBox(replace(CAR, x=12.0), 1.0)])
    assert beside == [("place", pytest.approx(1 - 28 / 52, abs=0.01))]


def test_what_is_right_is_last() -> None:
    found = find_box_errors("t", [CAR, BUS], [ScoredBox(CAR, 0.9), ScoredBox(BUS, 0.3)])
    assert all(one.suspicion <= 0.7 for one in found)
    assert [one.labelled for one in found if one.suspicion > 0.2] == [1]


def test_one_object_predicted_twice_is_missing_once() -> None:
    found = find_box_errors("t", [], [ScoredBox(CAR, 0.9), ScoredBox(replace(CAR, x=2.0), 0.8)])
    assert [(one.suspicion, one.suggested) for one in found] == [(0.9, CAR)]


def test_unsure_predictions_miss_nothing() -> None:
    assert kinds([], [ScoredBox(CAR, 0.4)]) == []


def test_planted_errors_come_first(crowds: Any) -> None:
    rng = np.random.default_rng(1)
    truth, _ = crowds.draw_boxes(rng, ["good"], 250, 1, ("car", "bus"))
    found, planted = [], {}
    for task, boxes in truth.items():
        predicted = [
            ScoredBox(replace(box, x=box.x + float(rng.normal(0, 2))), float(rng.beta(8, 2)))
            for box in boxes
            if rng.random() < 0.95
        ]
        labelled = list(boxes)
        if boxes and rng.random() < 0.2:
            kind = str(rng.choice(["missing", "extra", "class", "place"]))
            planted[task] = kind
            if kind == "missing":
                labelled = labelled[1:]
            elif kind == "extra":
                labelled.append(DrawnBox("car", 700.0, 700.0, 50.0, 50.0))
            elif kind == "class":
                labelled[0] = replace(boxes[0], label="bus" if boxes[0].label == "car" else "car")
            else:
                labelled[0] = replace(boxes[0], x=boxes[0].x + 0.6 * boxes[0].width)
        found += find_box_errors(task, labelled, predicted)
    order = sorted(found, key=lambda one: -one.suspicion)
    first = {one.task for one in order[: 2 * len(planted)]}
    assert len(first & set(planted)) >= 0.8 * len(planted)


def test_a_score_outside_is_refused() -> None:
    with pytest.raises(UsageError, match=r"score 1.5"):
        ScoredBox(CAR, 1.5)
