from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from driftwheel.errors import LabelFormatError
from driftwheel.formats.box_fitness import fitting_box
from driftwheel.formats.label_studio import image_of_url, read_label_studio, write_label_studio
from driftwheel.formats.label_studio_config import read_label_config, write_label_config
from driftwheel.formats.label_studio_result import TagNames
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel, LabelledImage
from driftwheel.formats.losses import Loss, Losses, Note
from driftwheel.formats.turned_box import corners

SIZE = {"original_width": 640, "original_height": 480, "image_rotation": 0}


def region(value: dict[str, Any], kind: str = "rectanglelabels", **more: Any) -> dict[str, Any]:
    value = {"x": 10, "y": 20, "width": 30, "height": 25, "rotation": 0, kind: ["Car"]} | value
    return {"id": "r1", "type": kind, "from_name": "label", "to_name": "image", **SIZE, "value": value} | more


def task(*result: dict[str, Any], **more: Any) -> dict[str, Any]:
    annotation = {"id": 11, "completed_by": 1, "was_cancelled": False, "result": list(result)}
    return {"id": 1, "data": {"image": "a.jpg"}, "annotations": [annotation], "predictions": []} | more


def read(*tasks: Any, allow: tuple[Loss, ...] = (), **options: Any) -> tuple[list[LabelledImage], Losses]:
    losses = Losses(allow)
    stream = io.BytesIO(json.dumps(tasks).encode())
    return list(read_label_studio(stream, called="a.json", losses=losses, **options).images), losses


def boxes(*result: dict[str, Any], allow: tuple[Loss, ...] = ()) -> tuple[BoxLabel, ...]:
    return read(task(*result), allow=allow)[0][0].answers[0].boxes


# An export of Label Studio 1.x (JSON), shortened by nothing but its empty fields.
EXPORT = [
    {
        "id": 5,
        "annotations": [
            {
                "id": 21,
                "completed_by": {"id": 1, "email": "ann@example.com", "first_name": "", "last_name": ""},
                "result": [
                    region({"rotation": 35, "x": 40, "y": 30, "width": 20, "height": 10}, origin="manual"),
                    {
                        "value": {"choices": ["night", "rain"]},
                        "id": "c1",
                        "from_name": "choice",
                        "to_name": "image",
                        "type": "choices",
                        "origin": "manual",
                    },
                ],
                "was_cancelled": False,
                "ground_truth": True,
                "created_at": "2026-01-02T03:04:05.123456Z",
                "updated_at": "2026-01-02T03:05:05.123456Z",
                "draft_created_at": None,
                "lead_time": 7.25,
                "prediction": {},
                "result_count": 2,
                "unique_id": "0-1",
                "task": 5,
                "project": 2,
                "updated_by": 1,
            },
            {"id": 22, "completed_by": 2, "was_cancelled": True, "result": []},
            {
                "id": 23,
                "completed_by": 3,
                "was_cancelled": False,
                "result": [],
                "created_at": "2026-01-03T00:00:00Z",
            },
        ],
        "file_upload": "0f3e2b1c-a_b.jpg",
        "drafts": [{"id": 1, "result": []}],
        "predictions": [
            {
                "id": 31,
                "model_version": "v7",
                "score": 0.75,
                "created_at": "2026-01-01T00:00:00Z",
                "result": [region({"rectanglelabels": ["Dog"]}, score=0.5)],
            },
        ],
        "data": {"image": "/data/upload/2/0f3e2b1c-a_b.jpg"},
        "meta": {},
        "inner_id": 1,
        "total_annotations": 1,
        "cancelled_annotations": 1,
        "total_predictions": 1,
    },
    {
        "id": 6,
        "annotations": [],
        "predictions": [],
        "data": {"image": "/data/local-files/?d=day%201/%C3%A9.jpg"},
    },
]


def test_an_export() -> None:
    (first, second), losses = read(*EXPORT)
    assert (first.name, first.width, first.height) == ("a_b.jpg", 640, 480)
    people, nothing, model = first.answers
    assert (people.by, people.seconds, people.golden, people.source) == (
        "ann@example.com",
        7.25,
        True,
        "human",
    )
    assert people.time == datetime(2026, 1, 2, 3, 5, 5, 123456, tzinfo=UTC)
    assert people.classes == (ClassLabel("night"), ClassLabel("rain"))
    assert (nothing.by, nothing.classes, nothing.boxes) == ("3", (), ())
    assert (model.source, model.by, model.score, model.boxes[0].score) == ("model", "v7", 0.75, 0.5)
    assert (second.name, second.answers) == ("day 1/é.jpg", ())
    assert [(one.kind, one.count) for one in losses.all] == [(Note.DRAFTS, 1), (Note.CANCELLED, 1)]


def test_turned_about_the_upper_left_corner() -> None:
    """Corners as label-studio-sdk 2.1.2 computes them (`convert_annotation_to_yolo_obb`), in pixels."""
    turned = region({"rotation": 35, "x": 40, "y": 30, "width": 20, "height": 10})
    expected = [
        (0.4, 0.3),
        (0.5638304088577983, 0.4529537163602789),
        (0.5208121761314699, 0.5348689207891781),
        (0.3569817672736716, 0.38191520442889915),
    ]
    (box,) = boxes(turned)
    np.testing.assert_allclose(corners(box), np.array(expected) * (640, 480), atol=1e-9)
    upright = fitting_box(box, "a", Losses({Loss.ROTATION}))
    # The smallest upright box around those four corners.
    assert (upright.x, upright.y, upright.width, upright.height) == pytest.approx(
        (228.46833105, 144, 132.38313061, 112.73708198)
    )


def test_negative_sides_lie_on_the_other_side() -> None:
    assert boxes(region({"width": -10, "height": -20})) == (BoxLabel("Car", 0, 0, 64, 96),)
    (box,) = boxes(region({"x": 50, "y": 50, "width": -10, "rotation": 90, "height": 10}))
    # By hand: from (320, 240), 64 to the left and 48 down, turned a quarter clockwise: 48 to the left, 64 up.
    np.testing.assert_allclose(sorted(corners(box)), [(272, 176), (272, 240), (320, 176), (320, 240)])


def test_labels_in_an_item_of_their_own() -> None:
    shape = {"x": 10, "y": 20, "width": 30, "height": 25, "rotation": 0}
    rectangle = {
        "id": "r",
        "type": "rectangle",
        "from_name": "box",
        "to_name": "image",
        **SIZE,
        "value": shape,
    }
    labels = {**rectangle, "type": "labels", "from_name": "label", "value": shape | {"labels": ["Car"]}}
    assert boxes(rectangle, labels) == (BoxLabel("Car", 64, 96, 192, 120),)
    with pytest.raises(LabelFormatError, match=r"result\[0\]: a region without a class"):
        boxes(rectangle)


def test_what_is_said_of_a_region_is_its_attribute() -> None:
    shape = {"x": 10, "y": 20, "width": 30, "height": 25, "rotation": 0}
    more = [
        {"id": "r1", "type": "choices", "from_name": "colour", "value": shape | {"choices": ["red", "blue"]}},
        {"id": "r1", "type": "textarea", "from_name": "plate", "value": shape | {"text": ["X 1"]}},
        {"id": "c", "type": "choices", "from_name": "choice", "value": {"choices": ["night"]}},
    ]
    (image,), _ = read(task(region({}), *more))
    assert image.answers[0].boxes[0].attributes == (("colour", "red, blue"), ("plate", "X 1"))
    assert image.answers[0].classes == (ClassLabel("night"),)


def test_several_labels_are_several_boxes() -> None:
    assert [box.label for box in boxes(region({"rectanglelabels": ["Car", "Red"]}))] == ["Car", "Red"]


@pytest.mark.parametrize(
    ("shape", "edges"),
    [
        (region({"points": [[10, 20], [40, 20], [40, 45]]}, "polygonlabels"), (64, 96, 192, 120)),
        (region({"radiusX": 10, "radiusY": 10, "x": 50, "y": 50}, "ellipselabels"), (256, 192, 128, 96)),
        (
            region({"radiusX": 10, "radiusY": 10, "x": 50, "y": 50, "rotation": 90}, "ellipselabels"),
            (272, 176, 96, 128),
        ),
    ],
)
def test_other_shapes_are_refused_or_become_their_boxes(
    shape: dict[str, Any], edges: tuple[float, ...]
) -> None:
    with pytest.raises(
        LabelFormatError, match=r"annotation 11, result\[0\]: 'Car' is no .*'shapes-as-boxes'"
    ):
        boxes(shape)
    (box,) = boxes(shape, allow=(Loss.SHAPES_AS_BOXES,))
    assert (box.x, box.y, box.width, box.height) == pytest.approx(edges)


@pytest.mark.parametrize("kind", ["brushlabels", "keypointlabels", "relation", "textarea", "taxonomy"])
def test_what_is_no_box_is_refused_or_left_out(kind: str) -> None:
    other = {"type": kind, "value": {"text": ["x"]}}
    with pytest.raises(
        LabelFormatError, match=rf"result\[0\]: '{kind}' is no class and no box.*'other-shapes'"
    ):
        boxes(other)
    assert boxes(other, allow=(Loss.OTHER_SHAPES,)) == ()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("a b.jpg", "a b.jpg"),
        ("day 1/100%.jpg", "day 1/100%.jpg"),
        ("/data/upload/3/0f3e2b1c-a.jpg", "a.jpg"),
        ("/data/upload/0f3e2b1c-a.jpg", "a.jpg"),
        ("/data/upload/3/plain.jpg", "plain.jpg"),
        ("http://localhost:8080/data/upload/3/0f3e2b1c-a%20b.jpg", "a b.jpg"),
        ("/data/local-files/?d=x/y%20z.jpg", "x/y z.jpg"),
        ("s3://bucket/x/y.jpg", "x/y.jpg"),
        ("https://example.com/x/y%20z.jpg?token=1#top", "x/y z.jpg"),
    ],
)
def test_names_from_urls(url: str, name: str) -> None:
    assert image_of_url(url, "task 1") == name


@pytest.mark.parametrize(
    "url",
    [
        "/data/local-files/?d=../../etc/passwd",
        "https://x/%2e%2e/a.jpg",
        "/etc/a.jpg",
        "data:image/png;base64,AA",
    ],
)
def test_urls_that_lead_out(url: str) -> None:
    with pytest.raises(LabelFormatError, match=r"^task 1: "):
        image_of_url(url, "task 1")


def test_a_prefix_of_one_s_own() -> None:
    assert image_of_url("https://x/images/a%20b.jpg", "task 1", "https://x/images/") == "a b.jpg"


def test_which_part_of_data_is_the_image() -> None:
    odd = task(data={"photo": "s3://b/x.png", "text": "hello"})
    assert read(odd)[0][0].name == "x.png"
    two = task(data={"left": "a.png", "right": "b.png"})
    assert read(two, image_key="right")[0][0].name == "b.png"
    with pytest.raises(
        LabelFormatError,
        match=r"which part of 'data' is the image is not clear; it has 'left', 'right'",
    ):
        read(two)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (task(region({"x": None})), r"annotation 11, result\[0\]: x is missing"),
        (task(region({"width": 0})), "without area"),
        (task(region({"rectanglelabels": []})), "a region without a class"),
        (task(region({}, original_width=None)), "does not say original_width"),
        (task(region({}, image_rotation=90)), "turned by 90° in the tool"),
        (task(region({}, item_index=2)), "page 2 of several"),
        (task(region({}), region({}, original_width=100)), "different sizes"),
        (task(data={}), "which part of 'data'"),
        (task(data={"image": 7}), "no URL of an image"),
        (task(annotations=7), "'annotations' is 7; it should be a list"),
        (task(annotations=[5]), "each of 'annotations' is 5"),
        (7, r"\[0\] is 7; it should be an object"),
    ],
)
def test_damage_is_named(broken: Any, message: str) -> None:
    with pytest.raises(LabelFormatError, match=rf"^a\.json, .*{message}"):
        read(broken)


def test_an_image_that_comes_twice() -> None:
    with pytest.raises(LabelFormatError, match=r"task 2: the image 'a\.jpg' is there twice"):
        read(task(), task(id=2))


def test_answers_with_who_and_when_survive() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    answers = (
        Answer((ClassLabel("a"),), (), "human", "ann@example.com", when, 3.5, golden=True),
        Answer((), (), "human", "7", when),
        Answer(
            (ClassLabel("a", 0.5), ClassLabel("b", 0.25)),
            (BoxLabel("c", 1, 2, 3, 4, score=0.75),),
            "model",
            "v1",
            when,
            score=0.9,
        ),
    )
    image = LabelledImage("day 1/é b.jpg", 640, 480, answers)
    out = io.BytesIO()
    write_label_studio([image, LabelledImage("new.jpg")], out, losses=Losses())
    written = json.loads(out.getvalue())
    assert written[0]["data"] == {"image": "/data/local-files/?d=day%201/%C3%A9%20b.jpg"}
    assert [one["id"] for one in written] == [1, 2]
    assert [one["id"] for one in written[0]["annotations"]] == [1, 2]
    found, again = read_label_studio(out, called="a.json", losses=Losses()).images
    assert (found.name, found.width, found.height) == ("day 1/é b.jpg", 640, 480)
    assert found.answers[:2] == answers[:2]
    assert found.answers[2].classes == answers[2].classes
    assert (again.name, again.answers) == ("new.jpg", ())


def test_the_configuration_there_and_back() -> None:
    text = write_label_config(
        choices=["a & b"], boxes=["c"], several=True, tags=TagNames("kind", "box", "photo")
    )
    config = read_label_config(text)
    assert (config.tags, config.image_key) == (TagNames("kind", "box", "photo"), "photo")
    assert (config.choices, config.boxes, config.several) == ({"a & b": "a & b"}, {"c": "c"}, True)
    for broken, message in [
        ("<View/>", "no <Image>"),
        ("<View><Image name='i' value='$i'/></View>", "neither <Choices>"),
    ]:
        with pytest.raises(LabelFormatError, match=message):
            read_label_config(broken)
