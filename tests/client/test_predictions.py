"""Predictions of every kind, from what the caller has to the API's JSON."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from driftwheel.client.held_prediction import hold_prediction
from driftwheel.client.read_prediction import read_prediction
from driftwheel.errors import UsageError
from driftwheel.formats.prediction_json import prediction_from_json, prediction_to_json
from driftwheel.predictions import Box, Classification, Detection

CAT = Classification("cat", {"cat": 0.75, "dog": 0.25})
BOXES = Detection((Box("cat", 1.0, 2.0, 3.0, 4.5, 0.5), Box("dog", 0.0, 0.0, 10.0, 20.0, 0.25)))
XYXY = np.array([[1, 2, 4, 6.5], [0, 0, 10, 20]], np.float32)
NAMES = {0: "cat", 1: "dog"}


def read(value: object, names: Any = None) -> Classification | Detection:
    return read_prediction(hold_prediction(value), names)


def detections(**changes: Any) -> SimpleNamespace:
    """Like supervision's Detections."""
    values = {
        "xyxy": XYXY,
        "mask": None,
        "class_id": np.array([0, 1]),
        "confidence": np.array([0.5, 0.25], np.float32),
        "data": {"class_name": np.array(["cat", "dog"])},
    }
    return SimpleNamespace(**(values | changes))


def results(boxes: bool = True, **changes: Any) -> SimpleNamespace:
    """Like Ultralytics' Results, which hold tensors."""
    values = {
        "names": NAMES,
        "boxes": SimpleNamespace(
            xyxy=torch.from_numpy(XYXY), cls=torch.tensor([0.0, 1.0]), conf=torch.tensor([0.5, 0.25])
        )
        if boxes
        else None,
        "probs": None if boxes else SimpleNamespace(data=torch.tensor([0.75, 0.25])),
        "obb": None,
    }
    return SimpleNamespace(**(values | changes))


@pytest.mark.parametrize(
    "value",
    [
        CAT,
        {"class": "cat", "scores": {"cat": 0.75, "dog": 0.25}},
        {"class": "cat", "score": 0.75, "scores": {"dog": 0.25}},
        {"class": "cat", "score": np.float32(0.75), "scores": {"dog": torch.tensor(0.25)}},
        {"cat": 0.75, "dog": 0.25},
        {"cat": np.float16(0.75), "dog": np.float64(0.25)},
        results(boxes=False),
        [results(boxes=False)],
        np.array([0.75, 0.25]),
        torch.tensor([0.75, 0.25], requires_grad=True),
    ],
)
def test_a_classification(value: object) -> None:
    found = read(value, NAMES)
    assert isinstance(found, Classification)
    assert (found.label, dict(found.scores)) == (CAT.label, CAT.scores)


@pytest.mark.parametrize(
    "value",
    [
        BOXES,
        prediction_to_json(BOXES),
        detections(),
        detections(data={}),
        detections(data={}, class_id=np.array([0, 1], np.int8)),
        results(),
        [results()],
        results(boxes=False, probs=None, boxes_=None, obb=results().boxes),
        {
            "boxes": torch.from_numpy(XYXY),
            "labels": torch.tensor([0, 1]),
            "scores": torch.tensor([0.5, 0.25]),
        },
        {"boxes": XYXY.tolist(), "labels": ["cat", "dog"], "scores": [0.5, 0.25]},
    ],
)
def test_a_detection(value: object) -> None:
    assert read(value, ["cat", "dog"]) == BOXES


@pytest.mark.parametrize(
    "value",
    [
        Detection(),
        {"boxes": []},
        detections(
            xyxy=np.empty((0, 4), np.float32), class_id=np.array([], int), confidence=np.array([]), data={}
        ),
        detections(xyxy=np.empty((0, 4)), class_id=None, confidence=None, data={}),
        {"boxes": torch.zeros((0, 4)), "labels": torch.zeros(0), "scores": torch.zeros(0)},
    ],
)
def test_nothing_detected(value: object) -> None:
    assert read(value) == Detection()


def test_a_bare_name_is_a_class() -> None:
    assert read("cat") == Classification("cat")


def test_names_come_from_the_prediction_then_from_the_client_then_from_the_number() -> None:
    def label(value: object, names: Any = None) -> str:
        found = read(value, names)
        assert isinstance(found, Detection)
        return found.boxes[0].label

    assert label(results(), ["x", "y"]) == "cat"
    assert label(detections(data={}), ["x", "y"]) == "x"
    assert label(detections(data={})) == "0"
    assert label(detections(data={}, class_id=np.array([-1, 5])), ["x", "y"]) == "-1"
    assert label(detections(data={}, class_id=None)) == "object"
    assert label(detections(data=None, class_id=None)) == "object"


def test_boxes_without_an_area_are_left_out() -> None:
    flat = XYXY.copy()
    flat[0, 2] = flat[0, 0]
    assert read(detections(xyxy=flat)) == Detection(BOXES.boxes[1:])


def test_a_score_that_rounding_carried_too_far_is_brought_back() -> None:
    found = read({"cat": 1.0000001, "dog": -1e-9})
    assert isinstance(found, Classification)
    assert found.scores == {"cat": 1.0, "dog": 0.0}


def test_the_first_of_equal_scores_is_the_class() -> None:
    found = read(np.array([0.5, 0.5]), NAMES)
    assert isinstance(found, Classification)
    assert found.label == "cat"


def test_what_the_caller_does_afterwards_does_not_matter() -> None:
    edges, scores = XYXY.copy(), {"cat": 0.75, "dog": 0.25}
    boxes = torch.from_numpy(XYXY.copy())
    given = [detections(xyxy=edges), Classification("cat", scores), {"class": "cat", "scores": scores}]
    given.append(results(boxes=SimpleNamespace(xyxy=boxes, cls=torch.tensor([0, 1]), conf=None)))
    held = [hold_prediction(one) for one in given]
    edges[:], boxes[:] = 0, 0
    scores["cat"] = 0.0
    found = [read_prediction(one, NAMES) for one in held]
    assert found[0] == BOXES
    assert [one.scores for one in found[1:3] if isinstance(one, Classification)] == [CAT.scores, CAT.scores]
    assert isinstance(found[3], Detection)
    assert [box.x for box in found[3].boxes] == [1.0, 0.0]


@pytest.mark.parametrize("value", [CAT, BOXES, Detection(), Classification("cat")])
def test_the_server_reads_what_the_client_writes(value: Classification | Detection) -> None:
    assert prediction_from_json(prediction_to_json(value)) == value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (object(), "cannot be a object: give a class's name"),
        (7, "cannot be a int"),
        ([results(), results()], "cannot be a list of 2"),
        ([], "cannot be a list of 0"),
        ({}, "either 'class' or 'boxes', or scores of all classes; not nothing"),
        ({"box": []}, "not 'box'. Did you mean 'boxes'?"),
        ({"class": "cat", "boxes": []}, "either 'class' or 'boxes'"),
        ({"class": "cat", "confidence": 1.0}, "A classification has no 'confidence'"),
        ({"class": "cat", "score": "high"}, "'score' is a number, not a str"),
        ({"class": "cat", "scores": [1.0]}, "'scores' is a dict of class and score, not a list"),
        ({"class": "cat", "score": 1.5}, "has the score 1.5"),
        ({"class": "cat", "score": float("nan")}, "has the score nan"),
        ({"boxes": 7}, "'boxes' is a list or an array, not a int"),
        ({"boxes": [7]}, "Box 0 is a int"),
        ({"boxes": [{"class": "cat", "x": 1}]}, "Box 0 lacks 'y', 'w', 'h'"),
        ({"boxes": [{"class": "cat", "x": 1, "y": 1, "w": 0, "h": 1}]}, "0 × 1 pixels"),
        ({"boxes": [{"class": "cat", "x": 1, "y": 1, "width": 2, "h": 1}]}, "Box 0 has no 'width'"),
        ({"labels": [1]}, "boxes is a NoneType"),
        (detections(xyxy=XYXY[:, :3]), r"of \(n, 4\) edges, not of \(2, 3\)"),
        (detections(xyxy=XYXY * np.nan), "not a finite number"),
        (detections(confidence=np.array([0.5])), "2 boxes, but scores of shape"),
        (detections(xyxy=None), "xyxy is a NoneType"),
        (detections(data={}, class_id=np.array([0.5, 1])), "class of a box is 0.5"),
        (results(boxes=False, probs=None), "neither boxes nor probs"),
        (np.zeros((2, 2)), r"an array of \(n,\), not of \(2, 2\)"),
        (np.zeros(0), "scores of all classes"),
    ],
)
def test_what_is_no_prediction_says_why(value: object, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read(value)
