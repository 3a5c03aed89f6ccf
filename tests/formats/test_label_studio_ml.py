"""Bodies as Label Studio 1.x sends them to a backend, and as it wants them back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from driftwheel.errors import LabelFormatError
from driftwheel.formats.label_studio_ml import (
    PreLabels,
    health_answer,
    predict_answer,
    read_predict_request,
    read_setup_request,
    read_webhook,
    setup_answer,
    webhook_answer,
)
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel
from driftwheel.formats.losses import Losses
from driftwheel.formats.turned_box import about_centre, corners

CONFIG = """<View>
  <Header value="What is it?"/>
  <Image name="img" value="$photo" zoom="true"/>
  <Choices name="kind" toName="img"><Choice value="cat"/><Choice value="Hund" alias="dog"/></Choices>
  <View visibleWhen="choice-selected">
    <RectangleLabels name="box" toName="img"><Label value="Car" background="red"/></RectangleLabels>
  </View>
  <Choices name="colour" toName="img" perRegion="true"><Choice value="red"/></Choices>
</View>"""
PREDICT = {
    "tasks": [
        {
            "id": 7,
            "data": {"photo": "/data/local-files/?d=day%201/a.jpg"},
            "annotations": [],
            "predictions": [],
        },
        {"id": 8, "data": {"photo": "/data/upload/1/0f3e2b1c-b.jpg"}},
    ],
    "model_version": None,
    "project": "3.1767225600",
    "label_config": CONFIG,
    "params": {"login": None, "password": None, "context": None},
}


def test_predict() -> None:
    request = read_predict_request(PREDICT)
    assert request.project == "3"
    assert [(one.id, one.name) for one in request.tasks] == [(7, "day 1/a.jpg"), (8, "b.jpg")]
    box = BoxLabel("Car", 64, 96, 192, 120, score=0.5, rotation=0)
    answer = Answer((ClassLabel("Hund", 0.75), ClassLabel("owl", 0.25)), (box, BoxLabel("Bus", 1, 1, 2, 2)))
    said = predict_answer(request, [PreLabels(answer, 640, 480), None], "v7")
    body = said.body
    assert (said.unknown, said.lost) == (("owl", "Bus"), ())
    assert json.loads(json.dumps(body)) == body
    first, second = body["results"]
    assert body["model_version"] == "v7"
    assert (first["model_version"], first["score"], second["result"]) == ("v7", 0.5, [])
    choice, region = first["result"]
    assert choice == {
        "id": "7-c1",
        "from_name": "kind",
        "to_name": "img",
        "type": "choices",
        "value": {"choices": ["dog"]},
        "score": 0.75,
    }
    assert (region["from_name"], region["to_name"], region["type"]) == ("box", "img", "rectanglelabels")
    assert (region["original_width"], region["original_height"]) == (640, 480)
    assert region["value"].pop("rectanglelabels") == ["Car"]
    assert region["value"] == pytest.approx({"x": 10, "y": 20, "width": 30, "height": 25, "rotation": 0})


def test_setup_health_and_webhook() -> None:
    setup = read_setup_request(
        {
            "project": "3.1767225600",
            "schema": CONFIG,
            "hostname": "http://x",
            "access_token": "t",
            "model_version": None,
        }
    )
    assert (setup.project, setup.hostname, setup.access_token) == ("3", "http://x", "t")
    assert dict(setup.config.choices) == {"cat": "cat", "Hund": "dog"}
    assert setup_answer("v7") == {"model_version": "v7"}
    assert health_answer("m")["status"] == "UP"
    assert webhook_answer()["status"] == "ok"
    annotation = {
        "id": 1,
        "completed_by": 2,
        "was_cancelled": False,
        "result": [{"type": "choices", "from_name": "kind", "to_name": "img", "value": {"choices": ["cat"]}}],
    }
    told = read_webhook(
        {
            "action": "ANNOTATION_CREATED",
            "task": {"id": 7, "data": {"photo": "a.jpg"}},
            "annotation": annotation,
            "project": {"id": 3},
        },
        Losses(),
    )
    assert (told.action, told.project, told.task) == ("ANNOTATION_CREATED", "3", 7)
    assert told.image is not None
    assert told.image.answers[0].classes == (ClassLabel("cat"),)
    assert read_webhook({"action": "PROJECT_UPDATED", "project": {"id": 3}}, Losses()).image is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label_config": ""}, "'label_config' is missing"),
        ({"label_config": "<!DOCTYPE View [<!ENTITY a 'b'>]><View/>"}, "it has a document type"),
        ({"label_config": "<View><Text name='t' value='$t'/></View>"}, "no <Image>"),
        ({"tasks": None}, "'tasks' is missing"),
        ({"tasks": [{"id": 1, "data": {"image": "a.jpg"}}]}, "task 1: data has no 'photo'"),
        ({"tasks": [{"id": 1, "data": {"photo": "../a.jpg"}}]}, "task 1: .*leads out"),
        ({"tasks": [{"id": 1, "data": {"photo": "a.jpg"}}] * 1001}, "1,001 tasks at once"),
    ],
)
def test_mistakes_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(LabelFormatError, match=message):
        read_predict_request(PREDICT | changes)


def test_boxes_beyond_the_border_are_cut_off_since_label_studio_takes_none() -> None:
    request = read_predict_request(PREDICT | {"tasks": PREDICT["tasks"][:1]})  # type: ignore[index]
    drawn = (
        BoxLabel("Car", -10, 400, 110, 110),
        BoxLabel("Car", 700, 10, 20, 20),
        BoxLabel("Car", -20, 100, 60, 20, rotation=10),  # begins outside, but has corners inside
        BoxLabel("Car", -400, -300, 1440, 1080, rotation=45),  # no corner inside
    )
    said = predict_answer(request, [PreLabels(Answer(boxes=drawn), 640, 480)], "v7")
    assert [(one.kind.value, one.count) for one in said.lost] == [
        ("clipped", 2),
        ("outside", 1),
        ("rotation", 1),
    ]
    shapes = [item["value"] for item in said.body["results"][0]["result"]]
    assert all(0 <= shape[side] <= 100 for shape in shapes for side in ("x", "y", "width", "height"))
    ours, same = drawn[2], shapes[1]
    edges = [
        same[side] / 100 * whole
        for side, whole in zip(("x", "y", "width", "height"), (640, 480) * 2, strict=True)
    ]
    (x, y, width, height), turn = about_centre(*edges, same["rotation"])
    again = BoxLabel("Car", x, y, width, height, rotation=turn)
    np.testing.assert_allclose(sorted(corners(again)), sorted(corners(ours)), atol=1e-9)
    assert (shapes[2]["x"], shapes[2]["width"]) == (0, 100)


def test_boxes_need_a_size_and_each_task_an_answer() -> None:
    request = read_predict_request(PREDICT)
    with pytest.raises(LabelFormatError, match=r"'day 1/a\.jpg': the size of the image is not known"):
        predict_answer(request, [PreLabels(Answer(boxes=(BoxLabel("Car", 1, 1, 2, 2),))), None], "v7")
    with pytest.raises(LabelFormatError, match="1 answers to 2 tasks"):
        predict_answer(request, [None], "v7")
