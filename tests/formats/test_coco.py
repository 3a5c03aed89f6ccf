from __future__ import annotations

import io
import json
from typing import Any

import pytest

from driftwheel.errors import LabelFormatError
from driftwheel.formats.coco import read_coco, write_coco
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel, LabelledImage
from driftwheel.formats.losses import Loss, Losses

IMAGE = {"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}
BOX = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}
CAT = {"id": 1, "name": "cat"}


def document(**changes: Any) -> dict[str, Any]:
    return {"images": [IMAGE], "annotations": [BOX], "categories": [CAT]} | changes


def read(value: dict[str, Any], allow: tuple[Loss, ...] = ()) -> tuple[list[LabelledImage], Losses]:
    losses = Losses(allow)
    labels = read_coco(io.BytesIO(json.dumps(value).encode()), called="a.json", losses=losses)
    return list(labels.images), losses


def boxes(value: dict[str, Any], *allow: Loss) -> list[BoxLabel]:
    return [box for image in read(value, allow)[0] for box in image.answers[0].boxes]


def written(*images: LabelledImage, classes: tuple[str, ...] = ()) -> dict[str, Any]:
    out = io.BytesIO()
    write_coco(iter(images), out, io.BytesIO(), classes=classes, losses=Losses())
    return dict(json.loads(out.getvalue()))


DATUMARO = """{"licenses":[{"name":"","id":0,"url":""}],
"info":{"contributor":"","date_created":"","description":"","url":"","version":"","year":""},
"categories":[{"id":1,"name":"cat","supercategory":""},{"id":2,"name":"dog","supercategory":""}],
"images":[{"id":1,"width":64,"height":48,"file_name":"day 1/é a.jpg","license":0,
"flickr_url":"","coco_url":"","date_captured":0},{"id":2,"width":64,"height":48,
"file_name":"neg.jpg","license":0,"flickr_url":"","coco_url":"","date_captured":0}],
"annotations":[{"id":1,"image_id":1,"category_id":1,"segmentation":[],"area":200.0,
"bbox":[1.5,2.25,10.0,20.0],"iscrowd":0,"attributes":{"occluded":true}},{"id":2,"image_id":1,
"category_id":2,"segmentation":[],"area":42.0,"bbox":[4.0,5.0,6.0,7.0],"iscrowd":0}]}"""


def test_a_file_that_datumaro_wrote() -> None:
    labels = read_coco(io.BytesIO(DATUMARO.encode()), called="a.json", losses=Losses())
    assert labels.classes == ("cat", "dog")
    first, second = labels.images
    assert (first.name, first.width, first.height) == ("day 1/é a.jpg", 64, 48)
    assert first.answers[0].boxes == (
        BoxLabel("cat", 1.5, 2.25, 10, 20, occluded=True),
        BoxLabel("dog", 4, 5, 6, 7),
    )
    assert (second.name, second.answers) == ("neg.jpg", (Answer(),))


def test_ids_may_be_sparse_and_parts_in_any_order() -> None:
    value = {
        "annotations": [
            BOX | {"id": 900, "image_id": 77, "category_id": 90},
            BOX | {"image_id": 5, "category_id": 3},
        ],
        "categories": [{"id": 90, "name": "toothbrush"}, {"id": 3, "name": "car"}],
        "images": [IMAGE | {"id": 77}, IMAGE | {"id": 5, "file_name": "b.jpg"}],
    }
    labels = read_coco(io.BytesIO(json.dumps(value).encode()), called="a.json", losses=Losses())
    assert labels.classes == ("car", "toothbrush")
    assert [(one.name, one.answers[0].boxes[0].label) for one in labels.images] == [
        ("a.jpg", "toothbrush"),
        ("b.jpg", "car"),
    ]


def test_ids_begin_at_1_and_classes_keep_their_order() -> None:
    one = LabelledImage(
        "a b/é.jpg", 64, 48, (Answer(boxes=(BoxLabel("b", 1, 2, 3, 4), BoxLabel("new", 1, 2, 3, 5))),)
    )
    value = written(one, LabelledImage("neg.jpg", 9, 9, (Answer(),)), classes=("a", "b"))
    assert [image["id"] for image in value["images"]] == [1, 2]
    assert [(a["id"], a["image_id"], a["category_id"], a["area"]) for a in value["annotations"]] == [
        (1, 1, 2, 12),
        (2, 1, 3, 15),
    ]
    assert [(c["id"], c["name"]) for c in value["categories"]] == [(1, "a"), (2, "b"), (3, "new")]
    assert value["images"][0]["file_name"] == "a b/é.jpg"


def test_masks_are_refused_or_become_their_boxes() -> None:
    polygon = BOX | {"segmentation": [[1, 2, 4, 2, 4, 6]]}
    with pytest.raises(
        LabelFormatError, match=r"^a\.json, annotation 1: 'cat' has a mask.*'shapes-as-boxes'"
    ):
        read(document(annotations=[polygon]))
    assert boxes(document(annotations=[polygon]), Loss.SHAPES_AS_BOXES) == [BoxLabel("cat", 1, 2, 3, 4)]
    alone = {**polygon, "bbox": None}
    assert boxes(document(annotations=[alone]), Loss.SHAPES_AS_BOXES) == [BoxLabel("cat", 1, 2, 3, 4)]
    crowd = BOX | {"iscrowd": 1, "segmentation": {"size": [48, 64], "counts": [3, 5]}}
    assert boxes(document(annotations=[crowd]), Loss.SHAPES_AS_BOXES)[0].crowd


def test_a_polygon_that_is_the_box_itself_is_no_loss() -> None:
    drawn = BOX | {"segmentation": [[1, 2, 4, 2, 4, 6, 1, 6]]}
    assert boxes(document(annotations=[drawn])) == [BoxLabel("cat", 1, 2, 3, 4)]


def test_what_tools_add() -> None:
    one = BOX | {
        "ignore": 1,
        "score": 0.5,
        "attributes": {"rotation": -30, "colour": "red", "wet": True, "n": 2},
    }
    (box,) = boxes(document(annotations=[one]))
    assert (box.ignored, box.score, box.rotation) == (True, 0.5, 330)
    assert box.attributes == (("colour", "red"), ("wet", "true"), ("n", "2"))


def test_an_annotation_without_a_box_is_a_class_of_the_image() -> None:
    (image,), _ = read(document(annotations=[{"id": 1, "image_id": 1, "category_id": 1}]))
    assert image.answers == (Answer((ClassLabel("cat"),)),)


def test_key_points_and_flat_boxes() -> None:
    with pytest.raises(LabelFormatError, match=r"annotation 1: it has key points.*'other-shapes'"):
        read(document(annotations=[BOX | {"keypoints": [1, 2, 2]}]))
    flat = document(annotations=[BOX, BOX | {"id": 2, "bbox": [1, 2, 0, 4]}])
    with pytest.raises(
        LabelFormatError, match=r"annotation 2: the box of 'cat' is 0 × 4 pixels.*'flat-boxes'"
    ):
        read(flat)
    found, losses = read(flat, (Loss.FLAT_BOXES,))
    assert (len(found[0].answers[0].boxes), losses.all[0].count, losses.all[0].first) == (
        1,
        1,
        "a.json, annotation 2",
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"annotations": [BOX | {"category_id": 9}]},
            r"annotation 1: the category 9 is not among .* \(1\)\. Add",
        ),
        ({"annotations": [BOX | {"image_id": 9}]}, "annotation 1: the image 9 is not among the images"),
        ({"annotations": [BOX, BOX]}, "annotation 1: its id is there twice"),
        ({"annotations": [BOX | {"bbox": [1, 2, -3, 4]}]}, "annotation 1: the box of 'cat' is -3 × 4"),
        ({"annotations": [BOX | {"bbox": [1, 2, 3]}]}, "bbox has 3 numbers"),
        ({"annotations": [BOX | {"bbox": [1, 2, "x", 4]}]}, "bbox is 'x'; it should be a finite number"),
        ({"annotations": [BOX | {"bbox": [1, 2, None, 4]}]}, "bbox is missing; it should be a number"),
        ({"annotations": [BOX | {"bbox": [1, 2, 1e200, 4]}]}, "reaches beyond"),
        ({"annotations": [BOX | {"category_id": "1"}]}, "category_id is '1'; it should be a whole number"),
        ({"annotations": [BOX | {"iscrowd": 2}]}, "iscrowd is 2"),
        ({"annotations": [7]}, r"annotations\[0\] is 7; it should be an object"),
        ({"images": [IMAGE, IMAGE | {"id": 2}]}, "image 2: the image 'a.jpg' is there twice"),
        ({"images": [IMAGE, IMAGE | {"file_name": "b.jpg"}]}, "image 1: its id is there twice"),
        ({"images": [IMAGE | {"file_name": "../a.jpg"}]}, "image 1: the name '../a.jpg' leads out"),
        ({"images": [IMAGE | {"width": 0}]}, "image 1: width is 0"),
        ({"images": [IMAGE | {"width": 1.5}]}, "image 1: width is 1.5"),
        ({"images": [{"id": 1}]}, "image 1: the name of an image is text"),
        ({"categories": [CAT, CAT | {"id": 2}]}, "the category 2 'cat' is there twice"),
        ({"categories": [{"id": 1, "name": " "}]}, "the class is ' '"),
    ],
)
def test_damage_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(LabelFormatError, match=rf"^a\.json, .*{message}"):
        read(document(**changes))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite(number: str) -> None:
    text = json.dumps(document()).replace("[1, 2, 3, 4]", f"[1, 2, {number}, 4]")
    with pytest.raises(LabelFormatError, match=r"a\.json.*(NaN and Infinity are none|finite number|no JSON)"):
        read_coco(io.BytesIO(text.encode()), called="a.json", losses=Losses())
