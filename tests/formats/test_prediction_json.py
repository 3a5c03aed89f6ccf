from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.errors import UsageError
from driftwheel.formats.prediction_json import prediction_from_json, prediction_to_json
from driftwheel.predictions import Box, Classification, Detection, Prediction

names = st.text(min_size=1, max_size=8)
scores = st.floats(0, 1)
sides = st.floats(1e-3, 1e6)
edges = st.floats(-1e6, 1e6)
classifications = st.builds(Classification, names, st.dictionaries(names, scores, max_size=4))
boxes = st.builds(Box, names, edges, edges, sides, sides, st.none() | scores)
detections = st.builds(Detection, st.lists(boxes, max_size=4).map(tuple))


@given(classifications | detections)
def test_through_json_and_back(prediction: Prediction) -> None:
    assert prediction_from_json(json.loads(json.dumps(prediction_to_json(prediction)))) == prediction


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["class", "scores", "boxes", "x", "y", "w", "h", "score"]) | st.text(),
                inner,
                max_size=6,
            )
        ),
    )
)
def test_whatever_else_comes_is_read_or_refused_in_words(value: Any) -> None:
    try:
        prediction = prediction_from_json(value)
    except UsageError:
        return
    assert (
        prediction_from_json(json.loads(json.dumps(prediction_to_json(prediction), allow_nan=False)))
        == prediction
    )


BOX = {"class": "cat", "x": 1, "y": 2, "w": 3, "h": 4}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("cat", "A prediction is an object, not str"),
        ({}, "has either 'class' .* or 'boxes'; this one has neither"),
        ({"class": "cat", "boxes": []}, "this one has 'class', 'boxes'"),
        ({"class": 3}, "'class' is a name, not int"),
        ({"class": ""}, "'class' is empty"),
        ({"class": "cat", "scors": {}}, "no 'scors'.* Did you mean 'scores'"),
        ({"class": "cat", "scores": [1]}, "'scores' is an object of class → 0…1, not list"),
        ({"class": "cat", "scores": {"cat": "high"}}, "'cat' is a number, not str"),
        ({"class": "cat", "scores": {"cat": True}}, "'cat' is a number, not bool"),
        ({"class": "cat", "scores": {"cat": 1.5}}, "score 1.5; a score is between 0 and 1"),
        ({"boxes": {}}, "'boxes' is a list, not dict"),
        ({"boxes": [BOX, {"class": "cat", "x": 1}]}, "Box 1 lacks 'h', 'w', 'y'"),
        ({"boxes": [BOX | {"width": 3}]}, "Box 0 has no 'width'"),
        ({"boxes": [BOX | {"w": 0}]}, "both sides must be above 0"),
        ({"boxes": [BOX | {"x": float("nan")}]}, "not a finite number"),
        ({"boxes": [BOX | {"x": None}]}, "Box 0, 'x', is a number, not NoneType"),
        ({"boxes": [BOX | {"x": 10**400}]}, "Box 0, 'x', is too large"),
    ],
)
def test_what_is_wrong_is_said(value: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        prediction_from_json(value)
